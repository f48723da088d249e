package offsite_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"penstock/httpd/offsite"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// keeps holds a place to what every place promises.
func keeps(t *testing.T, p offsite.Place) {
	t.Helper()
	ctx := context.Background()
	if all, err := p.List(ctx); err != nil || len(all) != 0 {
		t.Fatalf("an empty place has %v, %v", all, err)
	}
	big := bytes.Repeat([]byte("penstock"), 400_000) // more than one packet of any protocol
	put := func(name string, body []byte) {
		t.Helper()
		n, err := p.Put(ctx, name, func(w io.Writer) error {
			_, err := w.Write(body)
			return err
		})
		if err != nil || n != int64(len(body)) {
			t.Fatalf("put %s: %d bytes, %v", name, n, err)
		}
	}
	put("b.age", big)
	put("a.age", nil)
	put("a.age.keys", []byte("keys"))
	put("a.age", []byte("again"))
	broken := errors.New("the disk is on fire")
	if _, err := p.Put(ctx, "c.age", func(w io.Writer) error {
		_, _ = w.Write(big)
		return broken
	}); !errors.Is(err, broken) {
		t.Errorf("a copy that can't be made: %v", err)
	}
	if all, err := p.List(ctx); err != nil || !slices.Equal(all, []string{"a.age", "a.age.keys", "b.age"}) {
		t.Errorf("it lists %v, %v: a copy that is not whole is there, or one is not", all, err)
	}
	for name, want := range map[string][]byte{"a.age": []byte("again"), "b.age": big} {
		var got bytes.Buffer
		if err := p.Get(ctx, name, &got); err != nil || !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s comes back as %d bytes, %v", name, got.Len(), err)
		}
	}
	if err := p.Get(ctx, "nothing.age", io.Discard); err == nil {
		t.Error("what isn't there was read")
	}
	must(t, p.Remove(ctx, "a.age"))
	must(t, p.Remove(ctx, "a.age"))
	if all, err := p.List(ctx); err != nil || !slices.Equal(all, []string{"a.age.keys", "b.age"}) {
		t.Errorf("after a removal it lists %v, %v", all, err)
	}
	for _, name := range []string{"", "../x", "a/b", ".hidden", "x.part", strings.Repeat("a", 300), "a b"} {
		if _, err := p.Put(ctx, name, func(io.Writer) error { return nil }); err == nil {
			t.Errorf("%q was taken for a name", name)
		}
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, ok := p.(interface{ String() string }); !ok {
		t.Error("a place has no name")
	}
	if !strings.HasPrefix(p.String(), "/") {
		if _, err := p.List(gone); err == nil {
			t.Error("a call whose time is over did something")
		}
	}
}

func TestADirectoryKeepsCopies(t *testing.T) {
	p, err := offsite.Open(offsite.Options{Target: filepath.Join(t.TempDir(), "copies")})
	must(t, err)
	keeps(t, p)
}

func TestTargetsAreRead(t *testing.T) {
	private, public := keyPair(t)
	now := time.Now
	for _, o := range []offsite.Options{
		{}, {Target: "copies"}, {Target: "ftp://x/y"}, {Target: "sftp://host/dir", HostKey: public, Key: private}, {Target: "sftp://me:secret@host/dir", HostKey: public, Key: private},
		{Target: "sftp://me@host/dir", HostKey: "no key", Key: private}, {Target: "sftp://me@host/dir", HostKey: public, Key: "no key"}, {Target: "s3:///x"},
		{Target: "s3://bucket", Endpoint: "ftp://x", AccessKey: "a", SecretKey: "b", Spool: "/tmp", Now: now}, {Target: "s3://bucket", Endpoint: "https://x", Spool: "/tmp", Now: now}, {Target: "s3://bucket", Endpoint: "https://x", AccessKey: "a", SecretKey: "b"},
	} {
		if _, err := offsite.Open(o); err == nil || strings.Contains(err.Error(), "secret") && strings.Contains(o.Target, "secret") {
			t.Errorf("%q: %v", o.Target, err)
		}
	}
}

func keyPair(t testing.TB) (private, public string) {
	t.Helper()
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	block, err := ssh.MarshalPrivateKey(key, "")
	must(t, err)
	open, err := ssh.NewPublicKey(pub)
	must(t, err)
	return string(pem.EncodeToMemory(block)), strings.TrimSpace(string(ssh.MarshalAuthorizedKey(open)))
}

// TestAnOpenSSHServerKeepsCopies: the real one, a process for each connection.
// One with another key is not spoken to.
func TestAnOpenSSHServerKeepsCopies(t *testing.T) {
	at, hostKey, key := openSSH(t)
	me, err := user.Current()
	must(t, err)
	target := "sftp://" + me.Username + "@" + at + filepath.Join(t.TempDir(), "copies")
	p, err := offsite.Open(offsite.Options{Target: target, HostKey: hostKey, Key: key})
	must(t, err)
	keeps(t, p)
	_, other := keyPair(t)
	p, err = offsite.Open(offsite.Options{Target: target, HostKey: other, Key: key})
	must(t, err)
	if _, err := p.List(context.Background()); !errors.Is(err, offsite.ErrHostKey) {
		t.Errorf("a server with another key: %v", err)
	}
	stranger, _ := keyPair(t)
	p, err = offsite.Open(offsite.Options{Target: target, HostKey: hostKey, Key: stranger})
	must(t, err)
	if _, err := p.List(context.Background()); err == nil || errors.Is(err, offsite.ErrHostKey) {
		t.Errorf("a key that the server doesn't know: %v", err)
	}
}

func openSSH(t *testing.T) (at, hostKey, key string) {
	t.Helper()
	const sshd = "/usr/sbin/sshd"
	if _, err := os.Stat(sshd); err != nil {
		t.Skip("skipped: no OpenSSH server is here; apt-get install openssh-server")
	}
	if os.Getuid() == 0 {
		must(t, os.MkdirAll("/run/sshd", 0o755))
	}
	dir := t.TempDir()
	hostPrivate, hostPublic := keyPair(t)
	private, public := keyPair(t)
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	config := write("config", fmt.Sprintf("HostKey %s\nAuthorizedKeysFile %s\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nPidFile none\nLogLevel ERROR\nSubsystem sftp internal-sftp\n",
		write("host", hostPrivate), write("authorized", public+"\n")))
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	var group sync.WaitGroup
	group.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			file, err := conn.(*net.TCPConn).File()
			conn.Close()
			if err != nil {
				continue
			}
			cmd := exec.Command(sshd, "-i", "-e", "-f", config)
			cmd.Stdin, cmd.Stdout = file, file
			if cmd.Start() == nil {
				group.Go(func() { _ = cmd.Wait() })
			}
			file.Close()
		}
	})
	t.Cleanup(func() {
		ln.Close()
		group.Wait()
	})
	return ln.Addr().String(), hostPublic, private
}

// TestAnS3ServiceKeepsCopies: a real one, which verifies each signature
// (versitygw over a directory).
func TestAnS3ServiceKeepsCopies(t *testing.T) {
	gateway, err := exec.LookPath("versitygw")
	if err != nil {
		t.Skip("skipped: no versitygw is here; go install github.com/versity/versitygw/cmd/versitygw@latest")
	}
	o := startGateway(t, gateway)
	p, err := offsite.Open(o)
	must(t, err)
	keeps(t, p)
	o.SecretKey = "another one"
	p, err = offsite.Open(o)
	must(t, err)
	if _, err := p.List(t.Context()); err == nil || !strings.Contains(err.Error(), "403") || strings.Contains(err.Error(), "another one") {
		t.Errorf("a wrong secret: %v", err)
	}
}

// startGateway starts the service and gives where it keeps copies. A free port
// may be taken by somebody else before the service is there: then it ends, and
// another is tried.
func startGateway(t *testing.T, gateway string) offsite.Options {
	t.Helper()
	dir := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(dir, "copies"), 0o700))
	o := offsite.Options{Target: "s3://copies/shop/daily", Region: "eu-central-1", AccessKey: "penstock", SecretKey: "a secret of the test", Spool: t.TempDir(), Now: time.Now}
	for range 10 {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		at := ln.Addr().String()
		must(t, ln.Close())
		cmd := exec.Command(gateway, "--port", at, "--access", o.AccessKey, "--secret", o.SecretKey, "--region", o.Region, "posix", "--nometa", dir)
		cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
		var said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &said, &said
		must(t, cmd.Start())
		ended := make(chan struct{})
		go func() {
			_ = cmd.Wait()
			close(ended)
		}()
		t.Cleanup(func() {
			_ = cmd.Process.Kill()
			<-ended
			if t.Failed() {
				t.Log(said.String())
			}
		})
		o.Endpoint = "http://" + at
		p, err := offsite.Open(o)
		must(t, err)
		if lists(t, p, ended) {
			return o
		}
	}
	t.Fatal("the service ended at each of ten ports")
	return o
}

// lists waits until the service answers, or its process has ended.
func lists(t *testing.T, p offsite.Place, ended <-chan struct{}) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		_, err := p.List(ctx)
		if err == nil {
			return true
		}
		select {
		case <-ended:
			return false
		case <-ctx.Done():
			t.Fatal(err)
		default:
		}
	}
}
