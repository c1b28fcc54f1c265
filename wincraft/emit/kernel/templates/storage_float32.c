typedef float data_t;
#define to_storage(v) (v)
#define from_storage(v) (v)
#define load_data load
#define store_data store
