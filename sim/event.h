/* SPDX-License-Identifier: MIT */
/*
 * Events: everything that oracles see and that the event log prints.  Object events come from the executor, page and
 * line events from sim/ and backends/; an allocator cannot hide its mistake by not reporting it.
 */
#ifndef SLABFUZZ_SIM_EVENT_H
#define SLABFUZZ_SIM_EVENT_H

#include "sim/types.h"

/*
 * EVENT(kind, "name in the log", what the fields mean); all fields not named are zero.
 * addr prints as pfn:offset, size and value as numbers, id as a handle of the kind that the event speaks of.
 */
#define EVENT_TABLE(EVENT)                                                                                             \
	EVENT(OP_BEGIN, "op", "id = op number, text = verb")                                                           \
	EVENT(OP_END, "end", "id = op number, text = ok | skip | failed, value = enum op_result")                      \
	EVENT(OBJECT_ALLOC, "object-alloc",                                                                            \
	      "addr, size = usable to the client, id = handle, value = kmem_cache id + 1")                             \
	EVENT(REFUSED, "refused", "a request for memory gave none: size, id = handle that stays empty")                \
	EVENT(USABLE, "usable", "ksize(): addr = object, size = usable bytes, id = handle")                            \
	EVENT(OBJECT_FREE, "object-free", "on entry to free: addr, size, id = handle")                                 \
	EVENT(OBJECT_WRITE, "object-write", "the owner stored: addr, size, value = byte, id = handle")                 \
	EVENT(OBJECT_READ, "object-read", "the owner loads: addr, size, id = handle")                                  \
	EVENT(CACHE_CREATE, "cache-create",                                                                            \
	      "addr = kmem_cache, id = handle, size = object size, value = align + (flags << 32)")                     \
	EVENT(CACHE_DESTROY, "cache-destroy", "id = handle, value = result")                                           \
	EVENT(CACHE_SHRINK, "cache-shrink", "a created kmem_cache is about to give up its arrays: value = its id + 1") \
	EVENT(CACHE_VALIDATE, "cache-validate", "all slabs were looked at: value = kmem_cache id + 1")                 \
	EVENT(MISUSE, "misuse",                                                                                        \
	      "the client is about to break the API: id = enum misuse, addr, size, value = handle + (byte << 32)")     \
	EVENT(FREED_READ, "freed-read", "a client loads from its freed object: addr, size, id = handle")               \
	EVENT(PAGE_ALLOC, "page-alloc", "addr = first byte, size = bytes, value = order, id = 1 if compound")          \
	EVENT(PAGE_FREE, "page-free", "addr, size, value = order: the block is about to become free")                  \
	EVENT(PAGE_GET, "get-page", "a reference is about to be taken: addr = page, as its holder names it")           \
	EVENT(PAGE_PUT, "put-page",                                                                                    \
	      "a reference is about to be dropped: addr = page, as its holder names it; text = owner: the one that "   \
	      "alloc_pages() gave, size = bytes of a block that is not compound")                                      \
	EVENT(PAGE_BAD, "bad-page", "addr = page, value = flags, text = what the check found")                         \
	EVENT(PAGE_FIELD_MISREAD, "page-field", "addr = page, value, id = enum page_field read, size = writing owner") \
	EVENT(FLUSH_PAGE, "flush-page",                                                                                \
	      "flush_dcache_page was asked: addr = page, text = flushed | deferred | skipped | none")                  \
	EVENT(LINE_WRITEBACK, "line-writeback", "a dirty line is about to be written to RAM: addr, size")              \
	EVENT(LINE_DISCARD, "line-discard", "a dirty line is about to be dropped: addr, size")                         \
	EVENT(DMA_MAP, "dma-map",                                                                                      \
	      "addr, size, value = direction, id = mapping, text = NULL (single) | page | sg: an entry")               \
	EVENT(DMA_UNMAP, "dma-unmap", "as dma-map")                                                                    \
	EVENT(DMA_SYNC, "dma-sync", "addr, size, value = direction, id = mapping, text = cpu | device")                \
	EVENT(DEVICE_WRITE, "device-write", "after the store: addr, size, value = byte, id = mapping")                 \
	EVENT(DEVICE_READ, "device-read", "addr, size, id = mapping, UINT32_MAX if none")                              \
	EVENT(DMA_BOUNCE, "dma-bounce",                                                                                \
	      "the CPU copied between bounce slots and the memory that they stand for: addr, size = where to, id = "   \
	      "mapping")                                                                                               \
	EVENT(DMA_DRIVER, "dma-driver",                                                                                \
	      "id = mapping, text = failed | unchecked | foreign | released; or value = that of text = mask | "        \
	      "segment-max | segment-boundary")                                                                        \
	EVENT(COHERENT, "coherent",                                                                                    \
	      "addr in RAM, size, id = mapping, text = alloc | free | write | read, value = byte, or enum "            \
	      "coherent_flag")                                                                                         \
	EVENT(SKB_FRAG, "skb-frag",                                                                                    \
	      "a packet refers to memory: addr, size, id = skb * 4 + fragment, value = fragment copied from + 1")      \
	EVENT(SKB_READ, "skb-read", "the bytes of a fragment are read for the wire: addr, size, id")                   \
	EVENT(RCU_QUEUE, "rcu-queue", "addr = page: frees wait for a grace period")                                    \
	EVENT(GRACE_PERIOD, "grace-period", "queued callbacks run now")                                                \
	EVENT(DRAINED, "drained", "the client and the allocator gave all back")                                        \
	EVENT(PROBE, "probe", "an empty allocator was asked for size bytes that fitted before: value = 1 if they fit") \
	EVENT(FAULT_TRIPPED, "fault", "id = enum fault_point, value = hit number")                                     \
	EVENT(UNOWNED, "unowned", "target memory that nobody owns is touched: addr, size, value = 1 if stored")        \
	EVENT(REPORT, "report", "the allocator's own debugging reports: addr, text (NULL = no room was left)")         \
	EVENT(CHECK, "kernel-check", "a check of the kernel outside the allocator complains: addr, text")              \
	EVENT(PTE_SET, "pte-set", "addr = page, id = vma, value = number in it, size = 1 if it holds a reference")     \
	EVENT(PTE_CLEAR, "pte-clear", "addr = page, id = vma, value = number in it, size = 1 if it drops a reference") \
	EVENT(PAGE_STORE, "page-store",                                                                                \
	      "after a store to a client's page: addr, size, value = byte, id = 0 kernel | user's virtual page")       \
	EVENT(PAGE_LOAD, "page-load", "before a load from a client's page: addr, size, id = 0 | virtual page")         \
	EVENT(LOCK, "lock", "a lock in an object: addr, id = handle, value = 1 was taken | 0 is about to be released") \
	EVENT(SHARED_READ, "shared-read", "a reader follows a published pointer: addr, size, id = handle")             \
	EVENT(OOPS, "oops", "bad address: addr, text = where; the op is over")                                         \
	EVENT(KERNEL_BUG, "kernel-bug", "BUG(): text; the op is over")                                                 \
	EVENT(HANG, "hang",                                                                                            \
	      "the op's step budget is used up; the op is over; value = 1: the clock decided, and no log has it")      \
	EVENT(OVER, "over", "the program is over")

/* Did its precondition fail (skip), did it report failure as the API allows? */
enum op_result { RESULT_OK, RESULT_SKIP, RESULT_FAILED };

/* What a COHERENT event says of the memory. */
enum coherent_flag {
	COHERENT_UNCACHED = 1, /* the CPU sees RAM itself */
	COHERENT_ZEROED = 2,   /* the call promises zeros */
	COHERENT_PIECE = 4,    /* of a dma_pool */
	COHERENT_IRQS_OFF = 8, /* interrupts are off */
};

/* Value of a HANG that is not by steps. */
enum { HANG_BY_CLOCK = 1 };

enum event_kind {
#define EVENT(kind, name, fields) EVENT_##kind,
	EVENT_TABLE(EVENT)
#undef EVENT
		EVENT_COUNT
};

struct event {
	enum event_kind kind;
	uint32_t id;
	target_addr_t addr;
	uint64_t size;
	uint64_t value;
	const char *text; /* static string or memory that lives until the program ends */
};

extern const char *const event_names[EVENT_COUNT];

#define EVENT_BIT(kind) (UINT64_C(1) << EVENT_##kind)

#endif
