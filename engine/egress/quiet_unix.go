//go:build unix

package egress

import "syscall"

// quiet says that a kept connection is open and that nothing came on it: bytes
// that are there before the request can't be its answer.
func (l *line) quiet() bool {
	quiet := false
	err := l.sys.Read(func(fd uintptr) bool {
		var b [1]byte
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		quiet = err == syscall.EAGAIN || err == syscall.EWOULDBLOCK
		return true
	})
	return quiet && err == nil
}
