#include "tests/store/faulty_vfs.h"

#include <sqlite3.h>

#include "tests/catch.h"

namespace nurtured::store::testing {
namespace {

// SQLite gives the memory: this, and right after it the real file.
struct WrappedFile {
  sqlite3_file base;
  Faults* faults;
};

WrappedFile* wrapped(sqlite3_file* file) {
  return reinterpret_cast<WrappedFile*>(file);
}
sqlite3_file* real(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(wrapped(file) + 1);
}

bool falls(int& count, int at, Faults& faults) {
  ++count;
  const bool hit = at != 0 && (faults.lasting ? count >= at : count == at);
  if (hit) ++faults.failed;
  return hit;
}

int close_file(sqlite3_file* file) {
  return real(file)->pMethods->xClose(real(file));
}
int read_file(sqlite3_file* file, void* data, int count, sqlite3_int64 offset) {
  return real(file)->pMethods->xRead(real(file), data, count, offset);
}
int write_file(sqlite3_file* file, const void* data, int count, sqlite3_int64 offset) {
  Faults& faults = *wrapped(file)->faults;
  if (falls(faults.writes, faults.fail_write, faults)) {
    // As a disk that fills up does it: some of it gets there.
    real(file)->pMethods->xWrite(real(file), data, count / 2, offset);
    return SQLITE_FULL;
  }
  const int code = real(file)->pMethods->xWrite(real(file), data, count, offset);
  if (faults.after_write) faults.after_write();
  return code;
}
int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  return real(file)->pMethods->xTruncate(real(file), size);
}
int sync_file(sqlite3_file* file, int flags) {
  Faults& faults = *wrapped(file)->faults;
  if (falls(faults.syncs, faults.fail_sync, faults)) return SQLITE_IOERR_FSYNC;
  return real(file)->pMethods->xSync(real(file), flags);
}
int file_size(sqlite3_file* file, sqlite3_int64* size) {
  return real(file)->pMethods->xFileSize(real(file), size);
}
int lock_file(sqlite3_file* file, int level) {
  return real(file)->pMethods->xLock(real(file), level);
}
int unlock_file(sqlite3_file* file, int level) {
  return real(file)->pMethods->xUnlock(real(file), level);
}
int check_lock(sqlite3_file* file, int* is_locked) {
  return real(file)->pMethods->xCheckReservedLock(real(file), is_locked);
}
int control(sqlite3_file* file, int operation, void* argument) {
  return real(file)->pMethods->xFileControl(real(file), operation, argument);
}
int sector_size(sqlite3_file* file) {
  return real(file)->pMethods->xSectorSize(real(file));
}
int characteristics(sqlite3_file* file) {
  return real(file)->pMethods->xDeviceCharacteristics(real(file));
}
int shm_map(sqlite3_file* file, int region, int size, int extend, void volatile** memory) {
  return real(file)->pMethods->xShmMap(real(file), region, size, extend, memory);
}
int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
  return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}
void shm_barrier(sqlite3_file* file) {
  real(file)->pMethods->xShmBarrier(real(file));
}
int shm_unmap(sqlite3_file* file, int remove) {
  return real(file)->pMethods->xShmUnmap(real(file), remove);
}

const sqlite3_io_methods methods = {
    2,         close_file,  read_file,  write_file, truncate_file, sync_file,       file_size,
    lock_file, unlock_file, check_lock, control,    sector_size,   characteristics, shm_map,
    shm_lock,  shm_barrier, shm_unmap,  nullptr,    nullptr};

}  // namespace

struct FaultyVfs::Layer {
  sqlite3_vfs vfs{};
  Faults faults;
};

FaultyVfs::FaultyVfs() : layer_(std::make_unique<Layer>()) {
  static int made = 0;
  name_ = "faulty-" + std::to_string(++made);
  sqlite3_vfs* plain = sqlite3_vfs_find(nullptr);
  REQUIRE(plain != nullptr);
  layer_->vfs = *plain;
  layer_->vfs.zName = name_.c_str();
  layer_->vfs.szOsFile = static_cast<int>(sizeof(WrappedFile)) + plain->szOsFile;
  layer_->vfs.pNext = nullptr;
  layer_->vfs.xOpen = [](sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags,
                         int* out_flags) {
    // The layer's first member is the vfs.
    auto* layer = reinterpret_cast<Layer*>(vfs);
    wrapped(file)->faults = &layer->faults;
    sqlite3_vfs* below = sqlite3_vfs_find(nullptr);
    const int code = below->xOpen(below, path, real(file), flags, out_flags);
    file->pMethods = real(file)->pMethods == nullptr ? nullptr : &methods;
    return code;
  };
  REQUIRE(sqlite3_vfs_register(&layer_->vfs, 0) == SQLITE_OK);
}

FaultyVfs::~FaultyVfs() {
  sqlite3_vfs_unregister(&layer_->vfs);
}

Faults& FaultyVfs::faults() {
  return layer_->faults;
}

}  // namespace nurtured::store::testing
