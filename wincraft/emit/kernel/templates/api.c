/* The functions of the header. */

int ${prefix}_check(const wincraft_conv *conv)
{
    shape s;
    return read_shape(conv, 1, &s);
}

int ${prefix}_uses_winograd(const wincraft_conv *conv)
{
    shape s;
    return read_shape(conv, 1, &s) == WINCRAFT_OK && s.winograd;
}

size_t ${prefix}_filter_size(const wincraft_conv *conv)
{
    shape s;
    return read_shape(conv, 1, &s) == WINCRAFT_OK ? s.prepared : 0;
}

size_t ${prefix}_work_size(const wincraft_conv *conv, int threads)
{
    shape s;
    return read_shape(conv, threads, &s) == WINCRAFT_OK ? s.work * (size_t)threads : 0;
}

