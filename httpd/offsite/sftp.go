package offsite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// server is a place that speaks SFTP. Each call is a connection of its own:
// copies are made once a day.
type server struct {
	user, address, dir string
	host               ssh.PublicKey // no other server is spoken to
	signer             ssh.Signer
}

// ErrHostKey says that a server has another key than the one that is pinned.
var ErrHostKey = errors.New("offsite: the server has another key than the one that is pinned")

func newSFTP(u *url.URL, o Options) (Place, error) {
	if _, secret := u.User.Password(); secret || u.User.Username() == "" || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("offsite: an SFTP target is sftp://USER@HOST[:PORT]/DIR, without a password")
	}
	host, _, _, rest, err := ssh.ParseAuthorizedKey([]byte(o.HostKey))
	if err != nil || len(rest) > 0 {
		return nil, errors.New("offsite: the host key must be the server's public key, as ssh-keyscan shows it after the name")
	}
	signer, err := ssh.ParsePrivateKey([]byte(o.Key))
	if err != nil {
		return nil, errors.New("offsite: our key must be a private key in PEM, without a passphrase")
	}
	s := &server{user: u.User.Username(), dir: path.Clean("/" + u.Path), host: host, signer: signer}
	s.address = net.JoinHostPort(u.Hostname(), pick(u.Port(), "22"))
	return s, nil
}

func pick(text, standard string) string {
	if text == "" {
		return standard
	}
	return text
}

func (s *server) String() string { return "sftp://" + s.user + "@" + s.address + s.dir }

// session does something over one connection, which ends with ctx.
func (s *server) session(ctx context.Context, do func(*sftp.Client) error) error {
	conn, err := (&net.Dialer{Timeout: 30 * time.Second}).DialContext(ctx, "tcp", s.address)
	if err != nil {
		return fmt.Errorf("offsite: %s can't be reached: %w", s.address, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	pinned := false
	config := &ssh.ClientConfig{User: s.user, Auth: []ssh.AuthMethod{ssh.PublicKeys(s.signer)}, Timeout: 30 * time.Second, HostKeyAlgorithms: algorithms(s.host),
		HostKeyCallback: func(host string, remote net.Addr, key ssh.PublicKey) error {
			err := ssh.FixedHostKey(s.host)(host, remote, key)
			pinned = err == nil
			return err
		}}
	secure, channels, requests, err := ssh.NewClientConn(conn, s.address, config)
	if err != nil {
		_ = conn.Close()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case !pinned:
			return ErrHostKey
		}
		return errors.New("offsite: the server lets us not in with this user and key")
	}
	over := ssh.NewClient(secure, channels, requests)
	defer over.Close()
	client, err := sftp.NewClient(over, sftp.UseConcurrentWrites(true))
	if err != nil {
		return fmt.Errorf("offsite: the server speaks no SFTP: %w", err)
	}
	defer client.Close()
	if err := do(client); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("offsite: %w", err)
	}
	return nil
}

// algorithms are those by which the pinned key can be shown.
func algorithms(key ssh.PublicKey) []string {
	if key.Type() == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return []string{key.Type()}
}

func (s *server) Put(ctx context.Context, name string, fill func(io.Writer) error) (n int64, err error) {
	if err := checkName(name); err != nil {
		return 0, err
	}
	final, part := path.Join(s.dir, name), path.Join(s.dir, name+partSuffix)
	return n, s.session(ctx, func(c *sftp.Client) error {
		if err := c.MkdirAll(s.dir); err != nil {
			return fmt.Errorf("make %s: %w", s.dir, err)
		}
		f, err := c.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
		if err != nil {
			return fmt.Errorf("make %s: %w", part, err)
		}
		sent := &counted{w: f}
		w := bufio.NewWriterSize(sent, 1<<20)
		if err = fill(w); err == nil {
			err = w.Flush()
		}
		if _, syncs := c.HasExtension("fsync@openssh.com"); err == nil && syncs {
			err = f.Sync()
		}
		if err := errors.Join(err, f.Close()); err != nil {
			return errors.Join(fmt.Errorf("write %s: %w", part, err), c.Remove(part))
		}
		info, err := c.Stat(part)
		if err != nil || info.Size() != sent.n {
			return errors.Join(fmt.Errorf("%s is not as long as it was sent", part), err)
		}
		n = sent.n
		if _, posix := c.HasExtension("posix-rename@openssh.com"); posix {
			return c.PosixRename(part, final)
		}
		if err := c.Remove(final); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return c.Rename(part, final)
	})
}

// counted counts what is written through it.
type counted struct {
	w io.Writer
	n int64
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

func (s *server) Get(ctx context.Context, name string, w io.Writer) error {
	if err := checkName(name); err != nil {
		return err
	}
	return s.session(ctx, func(c *sftp.Client) error {
		f, err := c.Open(path.Join(s.dir, name))
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = f.WriteTo(w)
		return err
	})
}

func (s *server) List(ctx context.Context) (out []string, err error) {
	return out, s.session(ctx, func(c *sftp.Client) error {
		all, err := c.ReadDirContext(ctx, s.dir)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(all) > MaxCopies {
			return ErrTooMany
		}
		for _, e := range all {
			if e.Mode().IsRegular() && !strings.HasSuffix(e.Name(), partSuffix) {
				out = append(out, e.Name())
			}
		}
		slices.Sort(out)
		return nil
	})
}

func (s *server) Remove(ctx context.Context, name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	return s.session(ctx, func(c *sftp.Client) error {
		if err := c.Remove(path.Join(s.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
}
