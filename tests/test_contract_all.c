/* SPDX-License-Identifier: MIT */
/*
 * What the contract promises, on every registered allocator, 64 and 32 bit, with and without debugging.  A check runs a
 * text program and looks at the executor's objects and their bytes itself, so that it does not rest on the oracles
 * alone; findings fail it too. A capability or a promise that is absent skips it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracles/attribution.h"
#include "tests/harness.h"

enum { TEXT_MAX = 32768, ARCHES = 2, DEBUGS = 8, NAME_MAX_BYTES = 80 };

/* Prestate of a test. */
struct subject {
	const struct allocator_ops *ops;
	const char *arch, *debug;
};

/* A program under construction: the world line, then ops. */
struct text {
	char line[TEXT_MAX];
	size_t used;
};

static struct text text;

static void __attribute__((format(printf, 1, 2))) add(const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text.line + text.used, sizeof(text.line) - text.used, format, args);
	va_end(args);
	assert_in_range(n, 0, sizeof(text.line) - text.used - 1);
	text.used += (size_t)n;
}

static void begin(const struct subject *s, const char *keys)
{
	text.used = 0;
	add("world arch=%s debug=%s %s\n", s->arch, s->debug, keys);
}

/* Runs what was added; no finding is tolerated. */
static void run_clean(const struct subject *s)
{
	if (harness_run(text.line, s->ops) == 0)
		return;
	print_error("%s on %s: %s\n%s", s->ops->name, s->arch, harness_signatures(), text.line);
	fail();
}

static const struct object *object(unsigned handle)
{
	return &harness_session()->executor.objects[handle];
}

static const struct object *live(unsigned handle)
{
	const struct object *o = object(handle);

	assert_int_equal(o->state, OBJECT_LIVE);
	return o;
}

static uint8_t byte_at(target_addr_t addr)
{
	assert_true(target_in_ram(&harness_session()->world.sim, addr, 1));
	return cpu_byte((uint32_t)(addr - RAM_BASE));
}

/* Every byte of the range is `value`; the last may be POISON_END instead. */
static void assert_filled(target_addr_t addr, uint64_t size, uint8_t value, bool ends)
{
	for (uint64_t i = 0; i < size; i++)
		if (!(ends && i + 1 == size && byte_at(addr + i) == POISON_END))
			assert_int_equal(byte_at(addr + i), value);
}

static const unsigned sizes[] = {1, 7, 8, 9, 24, 48, 64, 96, 100, 192, 200, 500, 1000, 2048, 3000, 4096, 5000};
enum { SIZES = sizeof(sizes) / sizeof(sizes[0]) };

/* o0.. : three objects of each size. */
static void add_three_of_each(void)
{
	for (unsigned i = 0; i < SIZES; i++)
		add("o%u = kmalloc %u GFP_KERNEL repeat=3\n", 3 * i, sizes[i]);
}

static void check_kmalloc_is_aligned(const struct subject *s)
{
	begin(s, "");
	add_three_of_each();
	run_clean(s);
	for (unsigned i = 0; i < 3 * SIZES; i++)
		assert_int_equal(live(i)->addr % s->ops->contract.align_min, 0);
}

static void check_kmem_cache_is_aligned(const struct subject *s)
{
	static const unsigned aligns[] = {0, 1, 8, 16, 32, 64, 128, 256};
	enum { ALIGNS = sizeof(aligns) / sizeof(aligns[0]) };

	if (!s->ops->cache_create)
		skip();
	begin(s, "");
	for (unsigned i = 0; i < ALIGNS; i++)
		add("c%u = kmem_cache_create 72 %u 0\no%u = kmem_cache_alloc c%u GFP_KERNEL repeat=5\n", i, aligns[i],
		    5 * i, i);
	run_clean(s);
	for (unsigned i = 0; i < 5 * ALIGNS; i++) {
		assert_int_equal(live(i)->addr % (aligns[i / 5] ? aligns[i / 5] : 1), 0);
		assert_int_equal(live(i)->addr % s->ops->contract.align_min, 0);
	}
}

/* Memory of objects that were full of 0xff. */
static void check_zeroed(const struct subject *s)
{
	begin(s, "");
	add("o0 = kmalloc 100 GFP_KERNEL repeat=10\n");
	for (unsigned i = 0; i < 10; i++)
		add("obj_write o%u 0 100 0xff\n", i);
	add("kfree o0 repeat=10\no10 = kzalloc 100 GFP_KERNEL repeat=5\no15 = kcalloc 5 20 GFP_KERNEL repeat=5\n");
	run_clean(s);
	for (unsigned i = 10; i < 20; i++) {
		assert_int_equal(live(i)->size, 100);
		assert_filled(live(i)->addr, 100, 0, false);
	}
}

static void check_size_zero(const struct subject *s)
{
	begin(s, "");
	add("o0 = kmalloc 0 GFP_KERNEL repeat=2\no2 = kzalloc 0 GFP_KERNEL\no3 = kcalloc 0 8 GFP_KERNEL\n");
	run_clean(s);
	for (unsigned i = 0; i < 4; i++) {
		if (s->ops->contract.size_zero == SIZE_ZERO_NULL)
			assert_int_not_equal(object(i)->state, OBJECT_LIVE);
		else if (s->ops->contract.size_zero == SIZE_ZERO_POINTER)
			assert_int_equal(live(i)->addr, 16);
		else
			byte_at(live(i)->addr);
	}
	if (s->ops->contract.size_zero == SIZE_ZERO_OBJECT)
		assert_int_not_equal(object(0)->addr, object(1)->addr);
	add("kfree o0 repeat=4\no4 = kmalloc 64 GFP_KERNEL\n");
	run_clean(s);
	live(4);
}

static const unsigned below_max[] = {0, 1, 7, 8, 15, 16, 4095, 4096, 65535};
enum { BELOW_MAX = sizeof(below_max) / sizeof(below_max[0]) };

static void check_huge_sizes_yield_nothing(const struct subject *s)
{
	begin(s, "");
	for (unsigned i = 0; i < BELOW_MAX; i++)
		add("o%u = kmalloc SIZE_MAX-%u GFP_KERNEL\no%u = kcalloc 1 SIZE_MAX-%u GFP_KERNEL\n", 2 * i,
		    below_max[i], 2 * i + 1, below_max[i]);
	add("o%u = kmalloc 64 GFP_KERNEL\n", 2 * BELOW_MAX);
	run_clean(s);
	for (unsigned i = 0; i < 2 * BELOW_MAX; i++)
		assert_int_not_equal(object(i)->state, OBJECT_LIVE);
	live(2 * BELOW_MAX);
}

/* Legal programs never ask the allocator for that much.  Asked all the same, it may BUG, but it has no such object. */
static void check_huge_sizes_as_misuse_yield_nothing(const struct subject *s)
{
	for (unsigned i = 0; i < BELOW_MAX; i++) {
		begin(s, "misuse=1");
		add("o0 = kmalloc SIZE_MAX-%u GFP_KERNEL\n", below_max[i]);
		harness_run(text.line, s->ops);
		assert_int_not_equal(object(0)->state, OBJECT_LIVE);
	}
}

/* On a machine that has room for it.  Regions tell their size to the adapter only. */
static void check_largest_size(const struct subject *s)
{
	uint64_t largest = s->ops->contract.size_max;

	if (!s->ops->contract.frames_are_frames || largest >= 8u << 20)
		skip();
	begin(s, "ram_pages=8192");
	add("o0 = kmalloc %u GFP_KERNEL\nobj_write o0 %u 8 0x5a\nkfree o0\no1 = kmalloc %u GFP_KERNEL\n",
	    (unsigned)largest, (unsigned)largest - 8, (unsigned)largest);
	run_clean(s);
	live(1);
}

/* The products wrap to 0, to something small, and to something large. */
static void check_overflowing_products_yield_nothing(const struct subject *s)
{
	static const unsigned counts[] = {2, 3, 16, 64, 255};

	begin(s, "");
	for (unsigned i = 0; i < 5; i++)
		add("o%u = kcalloc %u SIZE_MAX-0 GFP_KERNEL\no%u = kcalloc %u SIZE_MAX-65535 GFP_KERNEL\n", 2 * i,
		    counts[i], 2 * i + 1, counts[i]);
	run_clean(s);
	for (unsigned i = 0; i < 10; i++)
		assert_int_not_equal(object(i)->state, OBJECT_LIVE);
}

/* o1 grows and shrinks n times between neighbours, all of it stored to in the end; the last object is o<n + 2>. */
static uint64_t add_kreallocs(const unsigned *steps, unsigned n)
{
	uint64_t kept = 40;

	add("o0 = kmalloc 40 GFP_KERNEL repeat=3\n"
	    "obj_write o0 0 40 0x77\nobj_write o1 0 40 0x5a\nobj_write o2 0 40 0x77\n");
	for (unsigned i = 0; i < n; i++) {
		add("o%u = krealloc o%u %u GFP_KERNEL\n", i + 3, i ? i + 2 : 1, steps[i]);
		kept = kept < steps[i] ? kept : steps[i];
	}
	add("obj_write o%u %u %u 0x11\n", n + 2, (unsigned)kept, steps[n - 1] - (unsigned)kept);
	return kept;
}

static void check_krealloc_keeps_the_prefix(const struct subject *s)
{
	static const unsigned steps[] = {41, 64, 65, 130, 1000, 5000, 200, 30, 100};

	if (!s->ops->ksize)
		skip();
	for (unsigned n = 1; n <= sizeof(steps) / sizeof(steps[0]); n++) {
		uint64_t kept;

		begin(s, "");
		kept = add_kreallocs(steps, n);
		run_clean(s);
		assert_int_equal(live(n + 2)->size, steps[n - 1]);
		assert_filled(live(n + 2)->addr, kept, 0x5a, false);
		assert_filled(live(0)->addr, 40, 0x77, false);
		assert_filled(live(2)->addr, 40, 0x77, false);
	}
}

/* And no other object begins in the usable bytes. */
static void check_ksize(const struct subject *s)
{
	struct allocator *a = &harness_session()->world.allocator;

	if (!s->ops->ksize)
		skip();
	begin(s, "");
	add_three_of_each();
	run_clean(s);
	for (unsigned i = 0; i < 3 * SIZES; i++) {
		const struct object *o = live(i);
		uint64_t usable = s->ops->ksize(a, o->addr);

		assert_in_range(usable, o->size, 1 << 20);
		for (unsigned k = 0; k < 3 * SIZES; k++)
			if (k != i)
				assert_false(live(k)->addr - o->addr < usable);
	}
}

/* New, and again after a free: the client gave them back constructed. */
static void check_ctor_state(const struct subject *s)
{
	static const unsigned objects[] = {8, 20, 64, 100, 300, 2000};

	if (!s->ops->cache_create)
		skip();
	begin(s, "");
	for (unsigned i = 0; i < 6; i++)
		add("c%u = kmem_cache_create %u 0 CTOR\no%u = kmem_cache_alloc c%u GFP_KERNEL repeat=4\n"
		    "kmem_cache_free c%u o%u repeat=2\no%u = kmem_cache_alloc c%u GFP_KERNEL repeat=4\n",
		    i, objects[i], 8 * i, i, i, 8 * i, 8 * i + 4, i);
	run_clean(s);
	for (unsigned i = 0; i < 48; i++) {
		if (i % 8 < 2)
			continue;
		assert_int_not_equal(byte_at(live(i)->addr), 0);
		assert_filled(live(i)->addr, objects[i / 8], byte_at(live(2)->addr), false);
	}
}

/* Slots of as many words as the contract says are not debugged; kmalloc may take a slot of twice the size. */
static bool debugged(const struct subject *s, unsigned size)
{
	return !s->ops->contract.debug_words || size <= s->ops->contract.debug_words * 4 / 2;
}

static void check_poison(const struct subject *s)
{
	const struct allocator_contract *contract = &s->ops->contract;

	if (!contract->poison_alloc || !contract->poison_free || !strchr(s->debug, 'P'))
		skip();
	begin(s, "");
	add_three_of_each();
	add("c0 = kmem_cache_create 100 0 0\no%u = kmem_cache_alloc c0 GFP_KERNEL repeat=3\n", 3 * SIZES);
	run_clean(s);
	for (unsigned i = 0; i < 3 * SIZES + 3; i++)
		if (debugged(s, (unsigned)live(i)->size))
			assert_filled(live(i)->addr, object(i)->size, contract->poison_alloc, true);
	for (unsigned i = 0; i < SIZES; i++)
		add("obj_write o%u 0 %u 0x11\nkfree o%u\n", 3 * i + 1, sizes[i], 3 * i + 1);
	add("obj_write o%u 0 100 0x11\nkmem_cache_free c0 o%u\n", 3 * SIZES + 1, 3 * SIZES + 1);
	run_clean(s);
	for (unsigned i = 1; i < 3 * SIZES + 3; i += 3)
		if (debugged(s, (unsigned)object(i)->size))
			assert_filled(object(i)->addr, object(i)->size, contract->poison_free, true);
}

/* The red zone behind (and before) an object has the value of its state. */
static void assert_redzone(const struct subject *s, const struct object *o, uint64_t value)
{
	const struct redzone_contract *zone = &s->ops->contract.redzone;
	const struct sim *sim = &harness_session()->world.sim;
	uint64_t word = sim->layout->word, end = o->addr + o->size;

	if (!zone->width) {
		assert_filled(end, o->size % word ? word - o->size % word : word, (uint8_t)value, false);
		return;
	}
	end = (end + zone->width - 1) / zone->width * zone->width;
	assert_true(target_get(end, zone->width, sim->big_endian) == value);
	if (zone->before)
		assert_true(target_get(o->addr - zone->width, zone->width, sim->big_endian) == value);
}

static void check_redzone(const struct subject *s)
{
	static const unsigned objects[] = {8, 44, 64, 100, 120};

	if (!s->ops->contract.redzone.live || !s->ops->cache_create || !strchr(s->debug, 'Z'))
		skip();
	begin(s, "");
	for (unsigned i = 0; i < 5; i++)
		add("c%u = kmem_cache_create %u 0 0\no%u = kmem_cache_alloc c%u GFP_KERNEL repeat=3\n", i, objects[i],
		    3 * i, i);
	for (unsigned i = 0; i < 5; i++)
		add("obj_write o%u 0 %u 0x11\nkmem_cache_free c%u o%u\n", 3 * i + 1, objects[i], i, 3 * i + 1);
	run_clean(s);
	for (unsigned i = 0; i < 15; i++)
		assert_redzone(s, object(i),
			       i % 3 == 1 ? s->ops->contract.redzone.freed : s->ops->contract.redzone.live);
}

/* More than the machine has, then all of it back: as much fits again. */
static void check_out_of_memory_is_null(const struct subject *s)
{
	unsigned got = 0, again = 0;

	begin(s, "ram_pages=128");
	add("o0 = kmalloc 4000 GFP_KERNEL repeat=64\no64 = kmalloc 4000 GFP_KERNEL repeat=64\n"
	    "o128 = kmalloc 4000 GFP_KERNEL repeat=64\n");
	run_clean(s);
	for (unsigned i = 0; i < 192; i++)
		got += object(i)->state == OBJECT_LIVE;
	assert_in_range(got, 1, 191);
	add("kfree o0 repeat=64\nkfree o64 repeat=64\nkfree o128 repeat=64\n"
	    "o192 = kmalloc 4000 GFP_KERNEL repeat=64\no256 = kmalloc 4000 GFP_KERNEL repeat=64\n"
	    "o320 = kmalloc 4000 GFP_KERNEL repeat=64\n");
	run_clean(s);
	for (unsigned i = 192; i < 384; i++)
		again += object(i)->state == OBJECT_LIVE;
	if (!s->ops->contract.never_reuses)
		assert_in_range(again, got * 9 / 10, got);
}

/* A client of `mixed`: what it believes to hold. */
struct client {
	unsigned held; /* handles yielded */
	unsigned size[256];
	uint8_t tag[256]; /* 0 = freed */
};

static struct client client;

static void add_mixed(unsigned op, uint32_t chance)
{
	unsigned victim = client.held ? chance % client.held : 0, size = sizes[(chance >> 8) % (SIZES - 3)];

	if (client.held && op % 3 == 2 && client.tag[victim]) {
		add("kfree o%u\n", victim);
		client.tag[victim] = 0;
		return;
	}
	add("o%u = kmalloc %u GFP_KERNEL\nobj_write o%u 0 %u 0x%02x\n", client.held, size, client.held, size,
	    op % 255 + 1);
	client.size[client.held] = size;
	client.tag[client.held++] = (uint8_t)(op % 255 + 1);
}

static void check_live_objects_keep_their_bytes(const struct subject *s)
{
	uint32_t chance = 1;

	memset(&client, 0, sizeof(client));
	begin(s, "");
	for (unsigned op = 0; op < 200; op++) {
		chance = chance * 1664525u + 1013904223u;
		add_mixed(op, chance >> 8);
	}
	run_clean(s);
	for (unsigned i = 0; i < client.held; i++)
		if (client.tag[i])
			assert_filled(live(i)->addr, client.size[i], client.tag[i], false);
		else
			assert_int_equal(object(i)->state, OBJECT_FREED);
}

static const struct check {
	const char *name;
	void (*run)(const struct subject *s);
} checks[] = {
	{"kmalloc_is_aligned", check_kmalloc_is_aligned},
	{"kmem_cache_is_aligned", check_kmem_cache_is_aligned},
	{"zeroed", check_zeroed},
	{"size_zero", check_size_zero},
	{"huge_sizes_yield_nothing", check_huge_sizes_yield_nothing},
	{"huge_sizes_as_misuse_yield_nothing", check_huge_sizes_as_misuse_yield_nothing},
	{"largest_size", check_largest_size},
	{"overflowing_products_yield_nothing", check_overflowing_products_yield_nothing},
	{"krealloc_keeps_the_prefix", check_krealloc_keeps_the_prefix},
	{"ksize", check_ksize},
	{"ctor_state", check_ctor_state},
	{"poison", check_poison},
	{"redzone", check_redzone},
	{"out_of_memory_is_null", check_out_of_memory_is_null},
	{"live_objects_keep_their_bytes", check_live_objects_keep_their_bytes},
};
enum { CHECKS = sizeof(checks) / sizeof(checks[0]) };

struct prestate {
	struct subject subject;
	const struct check *check;
	char name[NAME_MAX_BYTES];
};

static void run_check(void **state)
{
	const struct prestate *p = *state;

	p->check->run(&p->subject);
}

static void add_tests(const struct subject *subject, struct CMUnitTest *tests, struct prestate *prestates)
{
	for (unsigned i = 0; i < CHECKS; i++) {
		struct prestate *p = &prestates[i];

		*p = (struct prestate){.subject = *subject, .check = &checks[i]};
		snprintf(p->name, sizeof(p->name), "%s %s %s %s", subject->ops->name, subject->arch, subject->debug,
			 checks[i].name);
		tests[i] = (struct CMUnitTest){.name = p->name, .test_func = run_check, .initial_state = p};
	}
}

static bool has_debugging(const struct allocator_ops *ops)
{
	return ops->contract.redzone.live || ops->contract.poison_free || ops->contract.detects;
}

/* All checks on all arches with debugging of all kinds; number of failures. */
static int run_all(const struct allocator_ops *const *list, unsigned list_count)
{
	static const char *const arch_names[ARCHES] = {"x86", "arm926"};
	static const char *const letters[DEBUGS] = {"-", "F", "Z", "P", "U", "FZ", "ZP", "FZPU"};
	unsigned count = 0;
	struct CMUnitTest *tests = calloc((size_t)list_count * ARCHES * DEBUGS * CHECKS, sizeof(*tests));
	struct prestate *prestates = calloc((size_t)list_count * ARCHES * DEBUGS * CHECKS, sizeof(*prestates));
	int failed = 1;

	for (unsigned i = 0; tests && prestates && i < list_count; i++)
		for (unsigned k = 0; k < ARCHES * (has_debugging(list[i]) ? DEBUGS : 1); k++, count += CHECKS) {
			struct subject subject = {list[i], arch_names[k % ARCHES], letters[k / ARCHES]};

			add_tests(&subject, tests + count, prestates + count);
		}
	if (count)
		failed = _cmocka_run_group_tests("contract", tests, count, NULL, NULL);
	free(tests);
	free(prestates);
	return failed;
}

/* Without arguments every registered allocator; else one by name, planted bugs too: which promises does it break? */
int main(int argc, char **argv)
{
	const struct allocator_ops *one = argc > 1 ? allocator_by_name(argv[1]) : NULL;

	if (argc > 1 && !one) {
		fprintf(stderr, "no allocator is named %s\n", argv[1]);
		return 2;
	}
	return one ? run_all(&one, 1) : run_all(allocators, allocator_count);
}
