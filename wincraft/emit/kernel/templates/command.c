int main(int argc, char **argv)
{
    if (argc == 7 && !strcmp(argv[1], "bench")) return bench(argv + 2);
    if (argc == 1) return self_test();
    fprintf(stderr, "usage: %s [bench N H W C K]\n", argv[0]);
    return 2;
}
