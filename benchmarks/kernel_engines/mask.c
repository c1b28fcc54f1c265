/* SPDX-License-Identifier: Apache-2.0
 *
 * Hides AVX-512 and VNNI from libraries that have no switch of their own, so that all engines can be timed on the same
 * instructions. An auditor of the dynamic linker (LD_AUDIT, glibc on x86-64): before a library of the list runs its first
 * instruction, each `cpuid` in it becomes `ud2`, of the same length; the signal that this raises is answered with what the
 * processor says, less those bits. Nothing else in the library changes, and nothing on disk does.
 *
 * WINCRAFT_MASK names the list: lines of a library's file name and an offset in hexadecimal.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <link.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

enum { LENGTH = 2 }; /* of cpuid, 0F A2, and of ud2, 0F 0B */

static void masked(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
    __cpuid_count(leaf, sub, r[0], r[1], r[2], r[3]);
    if (leaf == 7 && sub == 0) {
        /* F, DQ, IFMA, PF, ER, CD, BW, VL; VBMI, VBMI2, VNNI, BITALG, VPOPCNTDQ; 4VNNIW, 4FMAPS, VP2INTERSECT, AMX, FP16 */
        r[1] &= ~(1U << 16 | 1U << 17 | 1U << 21 | 1U << 26 | 1U << 27 | 1U << 28 | 1U << 30 | 1U << 31);
        r[2] &= ~(1U << 1 | 1U << 6 | 1U << 11 | 1U << 12 | 1U << 14);
        r[3] &= ~(1U << 2 | 1U << 3 | 1U << 8 | 1U << 22 | 1U << 23 | 1U << 24 | 1U << 25);
    } else if (leaf == 7 && sub == 1) {
        /* AVX-VNNI, AVX512_BF16, AMX-FP16, AVX-IFMA; AVX-VNNI-INT8, AVX-NE-CONVERT, AVX-VNNI-INT16, AVX10 */
        r[0] &= ~(1U << 4 | 1U << 5 | 1U << 21 | 1U << 23);
        r[3] &= ~(1U << 4 | 1U << 5 | 1U << 10 | 1U << 19);
    }
}

static void answer(int number, siginfo_t *info, void *context)
{
    greg_t *g = ((ucontext_t *)context)->uc_mcontext.gregs;
    uint32_t r[4];
    (void)info;
    if (memcmp((const void *)g[REG_RIP], "\x0f\x0b", LENGTH) != 0) {
        signal(number, SIG_DFL);
        return;
    }
    masked((uint32_t)g[REG_RAX], (uint32_t)g[REG_RCX], r);
    g[REG_RAX] = r[0];
    g[REG_RBX] = r[1];
    g[REG_RCX] = r[2];
    g[REG_RDX] = r[3];
    g[REG_RIP] += LENGTH;
}

static void patch(unsigned char *place)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), start = (uintptr_t)place & ~(page - 1);
    const size_t size = (uintptr_t)place + LENGTH - start;
    if (memcmp(place, "\x0f\xa2", LENGTH) != 0 || mprotect((void *)start, size, PROT_READ | PROT_WRITE) != 0)
        return;
    memcpy(place, "\x0f\x0b", LENGTH);
    mprotect((void *)start, size, PROT_READ | PROT_EXEC);
}

unsigned la_version(unsigned version)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = answer;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGILL, &action, NULL);
    return version < LAV_CURRENT ? version : LAV_CURRENT;
}

unsigned la_objopen(struct link_map *map, Lmid_t space, uintptr_t *cookie)
{
    const char *list = getenv("WINCRAFT_MASK"), *slash = strrchr(map->l_name, '/');
    const char *name = slash ? slash + 1 : map->l_name;
    char line[512], wanted[400];
    unsigned long offset;
    FILE *file = list && *name ? fopen(list, "r") : NULL;
    (void)space;
    (void)cookie;
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "%399s %lx", wanted, &offset) == 2 && strcmp(wanted, name) == 0)
            patch((unsigned char *)(map->l_addr + offset));
    if (file)
        fclose(file);
    return 0;
}
