package iso20022

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path"
	"sort"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// remote is a bank's server.
type remote struct {
	user, address string
	out, in       string
	password      string
	signer        ssh.Signer    // nil: the password
	host          ssh.PublicKey // no other server is spoken to
}

// keys reads the server's public key and our private one. Errors quote
// neither.
func (r *remote) keys(host, private string) error {
	key, _, _, rest, err := ssh.ParseAuthorizedKey([]byte(host))
	if err != nil || len(rest) > 0 {
		return fmt.Errorf("credential %q must be the server's public key, as ssh-keyscan shows it after the name", SFTPHostKey)
	}
	r.host = key
	if private == "" {
		return nil
	}
	if r.signer, err = ssh.ParsePrivateKey([]byte(private)); err != nil {
		return fmt.Errorf("credential %q must be a private key in PEM, without a passphrase", SFTPKey)
	}
	return nil
}

var (
	errHostKey = errors.New("the bank's server has another key than the one that is pinned")
	errLogin   = errors.New("the bank's server can't be logged in to")
	errServer  = errors.New("the bank's server failed")
)

// late says whether the call's time was over. The connection's own deadline is
// the same moment, and may be noticed first.
func late(ctx context.Context, err error) bool {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		<-ctx.Done()
	}
	return ctx.Err() != nil
}

// connect opens a session, over a connection that the host dials.
func (r *remote) connect(ctx context.Context, dial func(context.Context, string, string) (net.Conn, error)) (*session, error) {
	conn, err := dial(ctx, "tcp", r.address)
	if ctx.Err() != nil {
		if err == nil {
			_ = conn.Close()
		}
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, errors.New("the bank's server can't be reached")
	}
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	pinned := false
	c := &ssh.ClientConfig{User: r.user, HostKeyAlgorithms: algorithms(r.host), HostKeyCallback: func(host string, remote net.Addr, key ssh.PublicKey) error {
		if err := ssh.FixedHostKey(r.host)(host, remote, key); err != nil {
			return err
		}
		pinned = true
		return nil
	}}
	if r.signer != nil {
		c.Auth = []ssh.AuthMethod{ssh.PublicKeys(r.signer)}
	} else {
		c.Auth = []ssh.AuthMethod{ssh.Password(r.password)}
	}
	secure, channels, requests, err := ssh.NewClientConn(conn, r.address, c)
	if err != nil {
		stop()
		_ = conn.Close()
		switch {
		case late(ctx, err):
			return nil, ctx.Err()
		case !pinned:
			return nil, errHostKey
		}
		return nil, errLogin
	}
	over := ssh.NewClient(secure, channels, requests)
	client, err := sftp.NewClient(over, sftp.MaxConcurrentRequestsPerFile(8))
	if err != nil {
		stop()
		_ = over.Close()
		return nil, errServer
	}
	return &session{remote: r, client: client, over: over, stop: stop}, nil
}

// algorithms are those by which the pinned key can be shown.
func algorithms(key ssh.PublicKey) []string {
	if key.Type() == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return []string{key.Type()}
}

// session is one connection to a bank's server.
type session struct {
	*remote
	client *sftp.Client
	over   *ssh.Client
	stop   func() bool
}

func (s *session) close() {
	s.stop()
	_ = s.client.Close()
	_ = s.over.Close()
}

// failed is an error of the server's without its text.
func failed(ctx context.Context, act string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", act, ctx.Err())
	}
	return fmt.Errorf("%s: %w", act, errServer)
}

func (s *session) put(ctx context.Context, name string, text []byte, placing func() error) error {
	final, part := path.Join(s.out, name), path.Join(s.out, name+partSuffix)
	f, err := s.client.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return failed(ctx, "make the file", err)
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return failed(ctx, "write the file", err)
	}
	info, err := s.client.Stat(part)
	if err != nil || info.Size() != int64(len(text)) {
		return failed(ctx, "look at the file", errors.Join(err, errServer))
	}
	if err := placing(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	// The protocol's own rename fails where there is a file of that name.
	if err := s.client.Rename(part, final); err != nil {
		return failed(ctx, "name the file", err)
	}
	return nil
}

func (s *session) has(ctx context.Context, name string) (final, part bool, err error) {
	for _, at := range []struct {
		path string
		is   *bool
	}{{path.Join(s.out, name), &final}, {path.Join(s.out, name+partSuffix), &part}} {
		_, err := s.client.Stat(at.path)
		switch {
		case err == nil:
			*at.is = true
		case !errors.Is(err, fs.ErrNotExist):
			return false, false, failed(ctx, "look for the file", err)
		}
	}
	return final, part, nil
}

func (s *session) drop(ctx context.Context, name string) error {
	if err := s.client.Remove(path.Join(s.out, name+partSuffix)); err != nil {
		return failed(ctx, "take the file away", err)
	}
	return nil
}

func (s *session) list(ctx context.Context) ([]inFile, error) {
	entries, err := s.client.ReadDirContext(ctx, s.in)
	if err != nil {
		return nil, failed(ctx, "list the bank's files", err)
	}
	if len(entries) > maxFiles {
		return nil, errors.New("there are too many files from the bank")
	}
	var out []inFile
	for _, e := range entries {
		if e.Mode().IsRegular() && wanted(e.Name()) {
			out = append(out, inFile{e.Name(), e.Size()})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].name < out[j].name })
	return out, nil
}

func (s *session) read(ctx context.Context, name string) ([]byte, error) {
	f, err := s.client.Open(path.Join(s.in, name))
	if err != nil {
		return nil, failed(ctx, "open the bank's file", err)
	}
	defer f.Close()
	return readAll(f)
}
