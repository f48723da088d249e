package httpd

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// ErrInUse is the error of ListenUnix when somebody answers at the path.
var ErrInUse = errors.New("httpd: another process answers at this socket")

// ListenUnix listens at a unix socket that only its owner may open (0600). A
// socket that a killed process left is replaced; one at which somebody
// answers, or a file that is no socket, is left alone and an error.
//
// The socket is made in a directory that nobody else can enter and then moved,
// so that there is no moment at which it is open to others. Closing removes it.
func ListenUnix(path string) (net.Listener, error) {
	if err := checkStale(path); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), ".s") // 0700
	if err != nil {
		return nil, fmt.Errorf("listen at %s: %w", path, err)
	}
	ln, err := listenPrivately(filepath.Join(dir, "s"), path)
	if rmErr := os.RemoveAll(dir); err == nil && rmErr != nil {
		err = errors.Join(rmErr, ln.Close())
	}
	if err != nil {
		return nil, fmt.Errorf("listen at %s: %w", path, err)
	}
	return ln, nil
}

func listenPrivately(temp, path string) (net.Listener, error) {
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: temp, Net: "unix"})
	if err != nil {
		return nil, err
	}
	ln.SetUnlinkOnClose(false) // it would look under the temporary name
	if err = os.Chmod(temp, 0o600); err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	return &socket{UnixListener: ln, path: path}, nil
}

func checkStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at socket: %w", err)
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("listen at %s: the file is there and is no socket", path)
	}
	c, err := net.Dial("unix", path)
	if err == nil {
		return errors.Join(fmt.Errorf("listen at %s: %w", path, ErrInUse), c.Close())
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("listen at %s: %w", path, err)
	}
	return nil
}

// socket removes its file with itself.
type socket struct {
	*net.UnixListener
	path string
	once sync.Once
	err  error
}

func (s *socket) Close() error {
	s.once.Do(func() {
		s.err = os.Remove(s.path)
		if errors.Is(s.err, fs.ErrNotExist) {
			s.err = nil
		}
		s.err = errors.Join(s.err, s.UnixListener.Close())
	})
	return s.err
}

// Addr is where clients find it, not where it was made.
func (s *socket) Addr() net.Addr { return &net.UnixAddr{Name: s.path, Net: "unix"} }
