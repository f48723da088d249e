package iso20022

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"penstock/engine/connector"
)

// sshServer is a real OpenSSH server: one process for each connection, as inetd
// would start it.
type sshServer struct {
	t        testing.TB
	listener net.Listener
	config   string
	hostKey  string // its public key
	userKey  string // our private key
	user     string
	group    sync.WaitGroup
	log      lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func keyPair(t testing.TB) (private, public string) {
	t.Helper()
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		t.Fatal(err)
	}
	public2, err := ssh.NewPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(block)), strings.TrimSpace(string(ssh.MarshalAuthorizedKey(public2)))
}

func startSSH(t testing.TB) *sshServer {
	t.Helper()
	sshd := "/usr/sbin/sshd"
	if _, err := os.Stat(sshd); err != nil {
		t.Skip("skipped: no OpenSSH server (Debian: openssh-server) is here")
	}
	if os.Getuid() == 0 { // where it puts a helper before anybody has logged in
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			t.Skipf("skipped: OpenSSH's server needs /run/sshd: %v", err)
		}
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.(interface{ TempDir() string }).TempDir()
	hostPrivate, hostPublic := keyPair(t)
	private, public := keyPair(t)
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	s := &sshServer{t: t, hostKey: hostPublic, userKey: private, user: me.Username}
	s.config = write("config", fmt.Sprintf("HostKey %s\nAuthorizedKeysFile %s\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nPidFile none\nLogLevel ERROR\nSubsystem sftp internal-sftp\n",
		write("host", hostPrivate), write("authorized", public+"\n")))
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	s.group.Go(func() {
		for {
			conn, err := s.listener.Accept()
			if err != nil {
				return
			}
			file, err := conn.(*net.TCPConn).File()
			conn.Close()
			if err != nil {
				continue
			}
			cmd := exec.Command(sshd, "-i", "-e", "-f", s.config)
			cmd.Stdin, cmd.Stdout, cmd.Stderr = file, file, &s.log
			if err := cmd.Start(); err != nil {
				file.Close()
				continue
			}
			file.Close()
			s.group.Go(func() { _ = cmd.Wait() })
		}
	})
	t.Cleanup(func() {
		s.listener.Close()
		s.group.Wait()
	})
	return s
}

func (s *sshServer) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, s.listener.Addr().String())
}

// connect is an account of the bank whose files are exchanged with the server.
func (s *sshServer) connect(b *bank, dial func(context.Context, string, string) (net.Conn, error), change ...string) *account {
	s.t.Helper()
	secrets := credentials()
	for name, value := range map[string]string{SFTPURL: "sftp://" + s.user + "@bank.example", SFTPHostKey: s.hostKey, SFTPKey: s.userKey, SFTPOut: b.path("out"), SFTPIn: b.path("in")} {
		secrets[name] = value
	}
	for i := 0; i < len(change); i += 2 {
		secrets[change[i]] = change[i+1]
	}
	for _, dir := range []string{b.path("out"), b.path("in")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			s.t.Fatal(err)
		}
	}
	// What the account keeps is elsewhere than what the bank has.
	c, err := New(connector.Host{Now: func() time.Time { return b.now }, Dir: filepath.Join(b.dir, "ours"), Dial: dial})(connector.Account{ID: accountID, Provider: Provider, Secrets: secrets})
	if err != nil {
		s.t.Fatal(err)
	}
	return c.(*account)
}

func TestFilesGoToARealServerAndBack(t *testing.T) {
	s, b := startSSH(t), newBank(t)
	a := s.connect(b, s.dial)
	in := order("po_1", eur(1250))
	wantVerdict(t, "before", a, in, connector.Absent)
	if out := send(t, a, in); out.Verdict != connector.Accepted {
		t.Fatalf("got %+v; the server says %s", out, s.log.String())
	}
	if got := b.movements("po_1"); got != 1 {
		t.Fatalf("got %d movements", got)
	}
	send(t, a, in)
	if got := b.movements("po_1"); got != 1 {
		t.Errorf("sent again: got %d movements", got)
	}
	b.settle()
	wantVerdict(t, "settled", a, in, connector.Paid)
}

// TestOnlyThePinnedServerIsSpokenTo: a server with another key gets neither
// file nor password.
func TestOnlyThePinnedServerIsSpokenTo(t *testing.T) {
	s, b := startSSH(t), newBank(t)
	_, other := keyPair(t)
	stranger, _ := keyPair(t)
	for name, row := range map[string]struct {
		change []string
		want   error
	}{
		"another host key": {[]string{SFTPHostKey, other}, errHostKey},
		"another user key": {[]string{SFTPKey, stranger}, errLogin},
		"a wrong password": {[]string{SFTPKey, "", SFTPPass, "canary-password"}, errLogin},
	} {
		a := s.connect(b, s.dial, row.change...)
		out, err := a.Send(context.Background(), order("po_1", eur(1250)))
		if out.Verdict != connector.Unknown || !errors.Is(err, row.want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: got %+v, %v, want %v", name, out, err, row.want)
		}
	}
	if len(b.got()) != 0 {
		t.Errorf("got %v", b.got())
	}
	a := s.connect(b, s.dial)
	if out := send(t, a, order("po_1", eur(1250))); out.Verdict != connector.Accepted {
		t.Errorf("the right one, after all: got %+v", out)
	}
}

// cutter cuts a connection after so many writes of ours, or when an answer has
// arrived that nobody is to hear.
type cutter struct {
	net.Conn
	writes *int
	deaf   func() bool
}

var errCut = errors.New("cut")

func (c cutter) Write(p []byte) (int, error) {
	if *c.writes--; *c.writes < 0 {
		c.Conn.Close()
		return 0, errCut
	}
	return c.Conn.Write(p)
}

func (c cutter) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.deaf() {
		c.Conn.Close()
		return 0, errCut
	}
	return n, err
}

// TestAConnectionCutAnywherePaysOnce cuts the connection after each of our
// writes in turn, and once before the answer to the rename. Whatever was cut
// off, the order is in one file in the end.
func TestAConnectionCutAnywherePaysOnce(t *testing.T) {
	s := startSSH(t)
	hears := func(*account) bool { return false }
	n := 0
	for ; cutOnce(t, s, n, hears, connector.Absent); n++ {
		if n > 200 {
			t.Fatal("no end of writes")
		}
	}
	if n < 8 {
		t.Errorf("whole after %d writes", n)
	}
	renamed := func(a *account) bool {
		r, _, err := a.state.order("po_1")
		return err == nil && r.Phase == placing
	}
	if !cutOnce(t, s, 1<<30, renamed, connector.Accepted) {
		t.Error("the answer to the rename was heard")
	}
}

// cutOnce says whether anything was cut.
func cutOnce(t *testing.T, s *sshServer, writes int, deaf func(*account) bool, want connector.Verdict) bool {
	t.Helper()
	b, left := newBank(t), writes
	var a *account
	cutting := func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := s.dial(ctx, network, address)
		return cutter{conn, &left, func() bool { return deaf(a) }}, err
	}
	in := order("po_1", eur(1250))
	a = s.connect(b, cutting)
	out, err := a.Send(context.Background(), in)
	if out.Verdict == connector.Accepted {
		return false
	}
	if out.Verdict != connector.Unknown || err == nil {
		t.Fatalf("cut after %d writes: got %+v, %v", writes, out, err)
	}
	a = s.connect(b, s.dial)
	wantVerdict(t, fmt.Sprintf("cut after %d writes", writes), a, in, want)
	if got := b.movements("po_1"); (got == 1) != (want == connector.Accepted) {
		t.Errorf("cut after %d writes: %s, and the bank has it %d times", writes, want, got)
	}
	send(t, a, in)
	if left, err := filepath.Glob(b.path("out", "*"+partSuffix)); err != nil || len(left) > 0 {
		t.Errorf("cut after %d writes: %v is left lying there, %v", writes, left, err)
	}
	if got := b.movements("po_1"); got != 1 {
		t.Errorf("cut after %d writes: %d movements in the end", writes, got)
	}
	return true
}

func TestAServerThatHangsIsLeft(t *testing.T) {
	b := newBank(t)
	s := &sshServer{t: t, user: "ada"}
	s.userKey, _ = keyPair(t)
	_, s.hostKey = keyPair(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	s.listener = listener // which accepts nobody
	a := s.connect(b, s.dial)
	for _, end := range []func() (context.Context, context.CancelFunc){
		func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(context.Background(), 50*time.Millisecond)
		},
		func() (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(context.Background())
			time.AfterFunc(50*time.Millisecond, cancel)
			return ctx, cancel
		},
	} {
		ctx, cancel := end()
		out, err := a.Send(ctx, order("po_1", eur(1250)))
		cancel()
		if out.Verdict != connector.Unknown || !errors.Is(err, ctx.Err()) {
			t.Errorf("got %+v, %v", out, err)
		}
	}
	// What is known without the server is told without it.
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if out, err := a.Seek(ctx, question(order("po_1", eur(1250)))); out.Verdict != connector.Absent {
		t.Errorf("looked up: got %+v, %v", out, err)
	}
}
