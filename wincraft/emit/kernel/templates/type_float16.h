#ifndef WINCRAFT_FLOAT16
#define WINCRAFT_FLOAT16 1
#ifndef __FLT16_MAX__
#error "float16 needs a compiler that has _Float16 here: GCC 12 or Clang 15, or generate with --type bfloat16"
#endif
__extension__ typedef _Float16 wincraft_float16;
#endif
