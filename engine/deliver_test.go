package engine

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"penstock/engine/egress"
)

// Whatever goes wrong on the way to a receiver, its merchant reads words of
// ours: neither what came back nor what a name resolves to inside.
func TestReasonsSayNothingOfTheTarget(t *testing.T) {
	const inside = "10.0.0.7"
	dialled := func(err error) error {
		return &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.ParseIP(inside), Port: 443}, Err: err}
	}
	for _, row := range []struct {
		err  error
		want string
	}{
		{context.DeadlineExceeded, "timeout"},
		{dialled(os.ErrDeadlineExceeded), "timeout"},
		{&net.DNSError{Err: "i/o timeout", Server: inside + ":53", IsTimeout: true}, "timeout"},
		{context.Canceled, "the server is stopping"},
		{dialled(&egress.Error{Code: egress.CodeURL, Host: inside + ":443", Reason: "private network"}), "url_not_allowed"},
		{&net.DNSError{Err: "no such host", Name: "hook.example", Server: inside + ":53", IsNotFound: true}, "the name cannot be resolved"},
		{&tls.CertificateVerificationError{Err: x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{inside}}, Host: "hook.example"}}, "the certificate cannot be verified"},
		{dialled(os.NewSyscallError("connect", syscall.ECONNREFUSED)), "connection refused"},
		{fmt.Errorf("read answer: %w", io.EOF), "the connection was cut before an answer"},
		{dialled(os.NewSyscallError("read", syscall.ECONNRESET)), "the connection was cut before an answer"},
		{dialled(os.NewSyscallError("write", syscall.EPIPE)), "the connection was cut before an answer"},
		{egress.ErrAnswer, "no answer that can be read"},
		{dialled(errors.New("anything else of " + inside)), "no answer that can be read"},
	} {
		if got := reason(row.err); got != row.want || strings.Contains(got, inside) {
			t.Errorf("%v: %q, want %q", row.err, got, row.want)
		}
	}
}
