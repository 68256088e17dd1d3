#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Opens matrix.html in headless Chromium, as its reader does: from file://, without a network.

Fails on any error in the console, on a request to anywhere else, on a cell whose link does not open its reproducer, and
on a linked file that does not load.  --screenshot FILE takes a picture of the top of the page.
"""
import argparse
import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

# What the link of each cell names must be there, and show when the link is followed.  Chromium allows 200 of these in
# ten seconds, so of a large matrix a part is followed.
FOLLOWED, LOADED, TOLD = 150, 250, 20
FOLLOW_CELLS = """(() => {
	const bad = [], links = [...document.querySelectorAll("table.matrix td a")];
	const step = Math.ceil(links.length / %d);
	for (const [i, a] of links.entries()) {
		const shown = document.getElementById(decodeURIComponent(a.hash.slice(1)));
		if (i %% step == 0) location.hash = a.getAttribute("href");
		if (!shown || (i %% step == 0 && getComputedStyle(shown).display === "none")) bad.push(a.href);
		else if (/hazard|damage/.test(a.className) && !shown.querySelector("pre")?.textContent.includes("world "))
			bad.push(a.href + " has no program");
	}
	location.hash = "";
	return JSON.stringify({cells: links.length, bad,
		files: [...new Set([...document.querySelectorAll("a[href]")].map(a => a.getAttribute("href")))]
			.filter(href => !href.startsWith("#"))});
})()""" % FOLLOWED


class Chromium:
    """One tab, spoken to through a pipe: no port, no package."""

    def __init__(self, binary, profile):
        to_read, self.out = os.pipe()
        self.inp, to_write = os.pipe()

        def descriptors_3_and_4():
            low, high = os.dup(to_read), os.dup(to_write)
            os.dup2(low, 3)
            os.dup2(high, 4)

        self.process = subprocess.Popen(
            [binary, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
             "--disable-background-networking", "--no-first-run", "--remote-debugging-pipe",
             f"--user-data-dir={profile}", "about:blank"],
            preexec_fn=descriptors_3_and_4, close_fds=False, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        self.buffer, self.last, self.session, self.events = b"", 0, None, []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def receive(self):
        while b"\0" not in self.buffer:
            data = os.read(self.inp, 1 << 20)
            if not data:
                raise RuntimeError("chromium has ended")
            self.buffer += data
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **params):
        self.last += 1
        message = {"id": self.last, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.last:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def open(self, url):
        """None, or why it did not load."""
        seen = len(self.events)
        error = self.call("Page.navigate", url=url).get("errorText")
        while not error and not any(e.get("method") == "Page.loadEventFired" for e in self.events[seen:]):
            self.events.append(self.receive())
        return error

    def evaluate(self, expression):
        return self.call("Runtime.evaluate", expression=expression)["result"].get("value")

    def complaints(self):
        """What the console or the network has shown."""
        for event in self.events:
            method, params = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                yield params["exceptionDetails"]["text"]
            elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "assert"):
                yield f"console: {params['args']}"
            elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
                yield f"log: {params['entry']['text']} {params['entry'].get('url', '')}"
            elif method == "Network.requestWillBeSent":
                url = params["request"]["url"]
                if not url.startswith(("file:", "data:", "about:")):
                    yield f"asks for {url}"

    def close(self):
        self.process.terminate()
        self.process.wait()


def check(tab, page):
    """Complaints; the tab shows the page at the end."""
    url = page.resolve().as_uri()
    error = tab.open(url)
    if error:
        return [f"{page}: {error}"]
    seen = json.loads(tab.evaluate(FOLLOW_CELLS))
    bad = [f"{link}: does not open" for link in seen["bad"]]
    if not seen["cells"]:
        bad.append("there are no cells")
    directory = page.resolve().parent
    bad += [f"{href}: is not there" for href in seen["files"] if not (directory / href).is_file()]
    for href in seen["files"][:: -(-len(seen["files"]) // LOADED) or 1]:
        error = tab.open((directory / href).as_uri())
        if error or not tab.evaluate("document.body ? document.body.innerText.length : 0"):
            bad.append(f"{href}: {error or 'is empty'}")
    tab.open(url)
    print(f"page: {seen['cells']} cells, {len(seen['files'])} files")
    return bad + list(tab.complaints())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("--screenshot", type=pathlib.Path)
    parser.add_argument("--width", type=int, default=1180)
    parser.add_argument("--height", type=int, default=900)
    args = parser.parse_args()
    binary = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not binary:
        print("skipped: no chromium (make deps-ci)")
        return 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        tab = Chromium(binary, profile)
        try:
            bad = check(tab, args.page)
            if args.screenshot:
                tab.call("Emulation.setDeviceMetricsOverride", width=args.width, height=args.height,
                         deviceScaleFactor=1, mobile=False)
                picture = tab.call("Page.captureScreenshot", format="png")
                args.screenshot.write_bytes(base64.b64decode(picture["data"]))
        finally:
            tab.close()
    for line in bad[:TOLD]:
        print(f"FAILED page: {line}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
