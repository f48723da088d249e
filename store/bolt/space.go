package bolt

import (
	"fmt"
	"sync/atomic"
	"syscall"
)

// space is what is known about the room left.
type space struct {
	low  atomic.Bool
	file atomic.Int64 // bytes of the file in use or free inside it
	free atomic.Int64 // bytes of the file that new pages can take
}

// LowSpace implements store.Spacer: less than Options.MinFree is left on the
// device or below Options.MaxSize. The writer looks every few commits; while
// the answer is true it is looked up anew, because a store that refuses new
// work may not commit for long.
func (s *Store) LowSpace() bool {
	if !s.space.low.Load() {
		return false
	}
	if !s.dead.Load() {
		s.refreshSpace()
	}
	return s.space.low.Load()
}

// aheadSize is what bbolt wants below MaxSize beyond what it uses: it grows
// the file in steps of its AllocSize.
const aheadSize = 16 * mib

func (s *Store) refreshSpace() {
	tx, _, err := s.begin()
	if err != nil {
		return // closed; nobody needs to know any more
	}
	file, free := tx.Size(), int64(s.db.Stats().FreePageN)*pageSize
	_ = tx.Rollback() // it can only say that the transaction has ended
	s.space.file.Store(file)
	s.space.free.Store(free)
	below := s.opt.MaxSize - aheadSize - file + free
	var fs syscall.Statfs_t
	// A device that can't be asked is no reason to refuse work; the next
	// commit will say what is wrong with it.
	device := s.opt.MinFree
	if err := syscall.Statfs(s.opt.Path, &fs); err == nil {
		device = int64(fs.Bavail) * fs.Bsize
	}
	s.space.low.Store(min(below, device) < s.opt.MinFree)
}

// doubtful are file systems whose fsync or lock may be worth nothing, by the
// magic number in statfs(2).
var doubtful = map[int64]string{
	0x6969:     "NFS",
	0x517b:     "SMB",
	0xfe534d42: "SMB2",
	0xff534d42: "CIFS",
	0x01021997: "9P",
	0x65735546: "FUSE",
}

// Doubtful names a file system that Open refuses unless Options.AllowAnyFS is
// set, by its number in statfs(2), and is empty for others. The number is a
// signed word of the machine's size.
func Doubtful(magic int64) string { return doubtful[int64(uint32(magic))] }

// checkFilesystem refuses a directory on a doubtful file system.
func checkFilesystem(dir string) error {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return fmt.Errorf("directory %s: %w", dir, err)
	}
	if name := Doubtful(int64(fs.Type)); name != "" {
		return fmt.Errorf("directory %s is on %s, which may lose what was written and lets two processes in; use a local disk, or allow it explicitly", dir, name)
	}
	return nil
}
