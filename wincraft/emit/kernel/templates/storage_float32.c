typedef float data_t;
#define STORAGE_EPSILON 6e-8
#define to_storage(v) (v)
#define from_storage(v) (v)
#define load_data load
#define store_data store
