//go:build linux

package faultfs

import (
	"maps"
	"slices"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// server answers the kernel for a Disk.
type server struct {
	fuse.RawFileSystem // says ENOSYS to all that is not below
	disk               *Disk
}

// forever is how long the kernel may remember names and attributes, in
// seconds: nobody but the kernel changes them.
const forever = 1 << 30

func (s *server) String() string { return "faultfs" }

// enter locks the disk and finds a node; dark disks have none.
func (s *server) enter(number uint64) (*node, fuse.Status) {
	s.disk.mu.Lock()
	if s.disk.dark {
		return nil, fuse.EIO
	}
	n := s.disk.nodes[number]
	if n == nil {
		return nil, fuse.Status(syscall.ESTALE)
	}
	return n, fuse.OK
}

func (s *server) leave() { s.disk.mu.Unlock() }

func (n *node) attr(a *fuse.Attr) {
	links := uint32(max(0, n.links))
	*a = fuse.Attr{Ino: n.number, Size: uint64(n.size), Blocks: uint64(len(n.pages)) * pageSize / 512, Mode: n.mode, Nlink: links, Blksize: pageSize,
		Mtime: n.mtime, Ctime: n.mtime, Owner: *fuse.CurrentOwner()}
}

func (n *node) entry(out *fuse.EntryOut) {
	out.NodeId, out.Generation, out.EntryValid, out.AttrValid = n.number, 1, forever, forever
	n.attr(&out.Attr)
}

func (s *server) Lookup(_ <-chan struct{}, h *fuse.InHeader, name string, out *fuse.EntryOut) fuse.Status {
	dir, st := s.enter(h.NodeId)
	defer s.leave()
	if st != fuse.OK {
		return st
	}
	n := dir.names[name]
	if n == nil {
		return fuse.ENOENT
	}
	n.entry(out)
	return fuse.OK
}

func (s *server) GetAttr(_ <-chan struct{}, in *fuse.GetAttrIn, out *fuse.AttrOut) fuse.Status {
	n, st := s.enter(in.NodeId)
	defer s.leave()
	if st != fuse.OK {
		return st
	}
	out.AttrValid = forever
	n.attr(&out.Attr)
	return fuse.OK
}

func (s *server) SetAttr(_ <-chan struct{}, in *fuse.SetAttrIn, out *fuse.AttrOut) fuse.Status {
	n, st := s.enter(in.NodeId)
	defer s.leave()
	if st != fuse.OK {
		return st
	}
	if size, ok := in.GetSize(); ok {
		if b, fails := s.disk.begin(Resize); fails {
			return fuse.Status(b.errno)
		}
		n.resize(int64(size))
	}
	if mode, ok := in.GetMode(); ok {
		n.mode = n.kind() | mode&0o7777
	}
	s.changed(n)
	out.AttrValid = forever
	n.attr(&out.Attr)
	return fuse.OK
}

func (s *server) changed(n *node) {
	s.disk.tick++
	n.mtime = s.disk.tick
}

// make gives a directory a new name.
func (s *server) make(dir uint64, name string, mode uint32, out *fuse.EntryOut) fuse.Status {
	d, st := s.enter(dir)
	defer s.leave()
	if st != fuse.OK {
		return st
	}
	if b, fails := s.disk.begin(Name); fails {
		return fuse.Status(b.errno)
	}
	if d.names[name] != nil {
		return fuse.Status(syscall.EEXIST)
	}
	n := s.disk.newNode(mode)
	d.names[name] = n
	s.changed(n)
	n.entry(out)
	return fuse.OK
}

func (s *server) Mknod(_ <-chan struct{}, in *fuse.MknodIn, name string, out *fuse.EntryOut) fuse.Status {
	return s.make(in.NodeId, name, in.Mode, out)
}

func (s *server) Mkdir(_ <-chan struct{}, in *fuse.MkdirIn, name string, out *fuse.EntryOut) fuse.Status {
	return s.make(in.NodeId, name, syscall.S_IFDIR|in.Mode&0o7777, out)
}

func (s *server) Create(_ <-chan struct{}, in *fuse.CreateIn, name string, out *fuse.CreateOut) fuse.Status {
	return s.make(in.NodeId, name, syscall.S_IFREG|in.Mode&0o7777, &out.EntryOut)
}

func (s *server) remove(dir uint64, name string) fuse.Status {
	d, st := s.enter(dir)
	defer s.leave()
	if st != fuse.OK {
		return st
	}
	if b, fails := s.disk.begin(Name); fails {
		return fuse.Status(b.errno)
	}
	n := d.names[name]
	switch {
	case n == nil:
		return fuse.ENOENT
	case len(n.names) > 0:
		return fuse.Status(syscall.ENOTEMPTY)
	}
	delete(d.names, name)
	n.links--
	return fuse.OK
}

func (s *server) Unlink(_ <-chan struct{}, h *fuse.InHeader, name string) fuse.Status {
	return s.remove(h.NodeId, name)
}

func (s *server) Rmdir(_ <-chan struct{}, h *fuse.InHeader, name string) fuse.Status {
	return s.remove(h.NodeId, name)
}

func (s *server) Rename(_ <-chan struct{}, in *fuse.RenameIn, oldName, newName string) fuse.Status {
	const noReplace = 1 // RENAME_NOREPLACE, renameat2(2)
	from, st := s.enter(in.NodeId)
	defer s.leave()
	if st != fuse.OK {
		return st
	}
	to := s.disk.nodes[in.Newdir]
	if b, fails := s.disk.begin(Name); fails {
		return fuse.Status(b.errno)
	}
	n, old := from.names[oldName], to.names[newName]
	switch {
	case n == nil:
		return fuse.ENOENT
	case in.Flags&^noReplace != 0:
		return fuse.EINVAL
	case old != nil && in.Flags == noReplace:
		return fuse.Status(syscall.EEXIST)
	case old != nil && len(old.names) > 0:
		return fuse.Status(syscall.ENOTEMPTY)
	}
	if old != nil {
		old.links--
	}
	delete(from.names, oldName)
	to.names[newName] = n
	return fuse.OK
}

func (s *server) Open(_ <-chan struct{}, in *fuse.OpenIn, _ *fuse.OpenOut) fuse.Status {
	_, st := s.enter(in.NodeId)
	defer s.leave()
	return st
}

func (s *server) Read(_ <-chan struct{}, in *fuse.ReadIn, b []byte) (fuse.ReadResult, fuse.Status) {
	n, st := s.enter(in.NodeId)
	defer s.leave()
	if st != fuse.OK {
		return nil, st
	}
	return fuse.ReadResultData(b[:n.read(b, int64(in.Offset))]), fuse.OK
}

func (s *server) Write(_ <-chan struct{}, in *fuse.WriteIn, b []byte) (uint32, fuse.Status) {
	n, st := s.enter(in.NodeId)
	defer s.leave()
	if st != fuse.OK {
		return 0, st
	}
	how, fails := s.disk.begin(Write)
	if !fails || how.done {
		n.write(b, int64(in.Offset))
		s.changed(n)
	}
	if fails {
		return 0, fuse.Status(how.errno)
	}
	return uint32(len(b)), fuse.OK
}

func (s *server) Fsync(_ <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	n, st := s.enter(in.NodeId)
	defer s.leave()
	if st != fuse.OK {
		return st
	}
	how, fails := s.disk.begin(Sync)
	switch {
	case fails && !how.done:
		n.forsake()
	case !s.disk.opt.LieAboutSync:
		n.sync()
	}
	if fails {
		return fuse.Status(how.errno)
	}
	return fuse.OK
}

func (s *server) FsyncDir(cancel <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	return s.Fsync(cancel, in)
}

func (s *server) Flush(<-chan struct{}, *fuse.FlushIn) fuse.Status { return fuse.OK }

func (s *server) OpenDir(_ <-chan struct{}, in *fuse.OpenIn, _ *fuse.OpenOut) fuse.Status {
	_, st := s.enter(in.NodeId)
	defer s.leave()
	return st
}

// ReadDir counts in names, in their order.
func (s *server) ReadDir(_ <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	n, st := s.enter(in.NodeId)
	defer s.leave()
	if st != fuse.OK {
		return st
	}
	for i, name := range slices.Sorted(maps.Keys(n.names)) {
		child := n.names[name]
		if uint64(i) >= in.Offset && !out.AddDirEntry(fuse.DirEntry{Name: name, Ino: child.number, Mode: child.kind(), Off: uint64(i) + 1}) {
			break
		}
	}
	return fuse.OK
}

// StatFs tells of a large empty disk.
func (s *server) StatFs(_ <-chan struct{}, _ *fuse.InHeader, out *fuse.StatfsOut) fuse.Status {
	const free = 64 << 30
	*out = fuse.StatfsOut{Bsize: pageSize, Frsize: pageSize, Blocks: free / pageSize, Bfree: free / pageSize, Bavail: free / pageSize,
		Files: 1 << 20, Ffree: 1 << 20, NameLen: 255}
	return fuse.OK
}
