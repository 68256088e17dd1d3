/* SPDX-License-Identifier: MIT */
/*
 * User mappings (FACTS 5, second half; rules of 2.6.25 and later): vmas and their page table entries, insertion by page
 * and by pfn, vm_normal_page(), fork and unmap, reverse map counts, pfn_valid(), the page cache of a few files.
 * Policies pte_special, mixedmap, pfn_valid, pfn_list, pfn_check, mem_hole.  address_space and vm_area_struct lie in
 * kernel data as their layouts say, because flush_dcache_page() reads them.  pfns count from RAM_PFN.
 * References are told of by PAGE_GET and PAGE_PUT, entries by PTE_SET and PTE_CLEAR.
 */
#ifndef SLABFUZZ_BACKENDS_PAGE_TABLE_H
#define SLABFUZZ_BACKENDS_PAGE_TABLE_H

#include "sim/page.h"

enum { VMAS_MAX = 512, VMA_PAGES = 4, FILES_MAX = 4, MMS_MAX = 512, VMA_COLOURS = 16 };

enum vm_kind {
#define VM_KIND(name) VM_##name,
#include "sim/vm_kind.def"
#undef VM_KIND
	VM_KINDS
};

struct pte {
	uint32_t pfn; /* may name no frame */
	bool present;
	bool special;   /* the bit: no struct page (policy pte_special) */
	uint32_t owner; /* of the caller: what it calls the page */
};

struct vm_area {
	bool live;
	uint8_t kind;       /* enum vm_kind */
	uint8_t file;       /* of kind FILE */
	uint16_t mm;        /* address space that it belongs to: 0 = the first process, n = child of the n-th fork */
	uint32_t vpn;       /* first virtual page */
	target_addr_t addr; /* vm_area_struct */
	struct pte pte[VMA_PAGES];
};

/* Of one program; zeroed but for vma, whose elements are zero before they are mapped. */
struct page_tables {
	bool used;                      /* since reset */
	target_addr_t files[FILES_MAX]; /* address_space of each, 0 = not opened yet */
	target_addr_t segments;         /* first node of pfn_valid()'s list */
	bool segments_ready;            /* the list was initialised */
	uint16_t mm, mms;               /* the one that runs, how many there were */
	uint32_t vma_count;             /* elements of vma that may be in use */
	struct vm_area vma[VMAS_MAX];
};

void page_tables_reset(struct page_tables *tables);

/* False: no memory. */
bool vm_mmap(struct sim *sim, struct page_tables *tables, uint32_t vma, enum vm_kind kind, unsigned file,
	     unsigned colour);
void vm_munmap(struct sim *sim, struct page_tables *tables, uint32_t vma);
/* The child maps what the vma maps, by the same entries. */
bool vm_fork(struct sim *sim, struct page_tables *tables, uint32_t parent, uint32_t child);

/* False: the entry is in use, or the page may not be inserted.  With a reference: */
bool vm_insert_page(struct sim *sim, struct page_tables *tables, uint32_t vma, unsigned i, frame_t frame);
/* Without one.  BUGs unless the vma is PFNMAP or MIXEDMAP. */
bool vm_insert_pfn(struct sim *sim, struct page_tables *tables, uint32_t vma, unsigned i, uint32_t pfn);
/* vm_insert_mixedmap_pfn(): by the policy.  BUGs unless the vma is MIXEDMAP. */
bool vm_insert_mixed(struct sim *sim, struct page_tables *tables, uint32_t vma, unsigned i, uint32_t pfn);
/* A driver stores an entry of its own: no bit, no reference. */
bool vm_set_pte(struct sim *sim, struct page_tables *tables, uint32_t vma, unsigned i, uint32_t pfn);
/* Page fault of a FILE vma on a page of its file, with update_mmu_cache(). */
bool vm_file_fault(struct sim *sim, struct page_tables *tables, uint32_t vma, unsigned i, frame_t frame);
/* get_user_pages() of one page, which is put again.  False: there is none. */
bool vm_get_user_page(struct sim *sim, struct page_tables *tables, uint32_t vma, unsigned i);

/* The user's own accesses to [offset, offset + size) of the vma, of one present page, by the mm of the vma. */
void vm_user_load(struct sim *sim, struct page_tables *tables, uint32_t vma, uint32_t offset, uint32_t size);
void vm_user_store(struct sim *sim, struct page_tables *tables, uint32_t vma, uint32_t offset, uint32_t size,
		   uint8_t value);

/* The file's page cache takes a reference to the page; false: no memory. */
bool add_to_page_cache(struct sim *sim, struct page_tables *tables, unsigned file, uint32_t index, frame_t frame);
/* Truncation: unmaps the page from all FILE vmas, and drops that reference. */
void remove_from_page_cache(struct sim *sim, struct page_tables *tables, unsigned file, frame_t frame);

/* For late initialisation of the list that pfn_valid() walks. */
void pfn_list_init(struct page_tables *tables);
bool pfn_valid(struct sim *sim, struct page_tables *tables, uint32_t pfn);

#endif
