$inline vv pair(const u_t *p)
{
    const vv none = {0};
    int32_t v;
    memcpy(&v, p, sizeof v);
    return v - none;
}
