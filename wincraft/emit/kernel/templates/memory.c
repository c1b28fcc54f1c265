static void *held[32];
static size_t holding = 0;

/* Memory aligned to 64 bytes, until release. */
static void *allocated(size_t bytes)
{
    char *p = (char *)malloc(bytes + 64);
    if (!p || holding == sizeof held / sizeof *held) {
        fprintf(stderr, "out of memory\n");
        exit(2);
    }
    held[holding++] = p;
    return p + (64 - (uintptr_t)p % 64);
}

static void release(void)
{
    while (holding) free(held[--holding]);
}
