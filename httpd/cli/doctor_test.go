package cli

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"penstock/httpd/client"
)

// newDoctor looks at a place that has nothing in it but its directory.
func newDoctor(t *testing.T) *doctor {
	t.Helper()
	cfg := defaults()
	cfg.resolve(t.TempDir())
	return &doctor{cfg: cfg, file: "config.toml", client: client.New(cfg.SocketPath()), started: time.Now()}
}

// only is the one finding that there is.
func (d *doctor) only(t *testing.T) remark {
	t.Helper()
	if len(d.found) != 1 {
		t.Fatalf("%d findings, want 1: %+v", len(d.found), d.found)
	}
	if f := d.found[0]; (f.Mend == "") != (f.State == findingOK) {
		t.Errorf("%+v: what is not well wants a line that mends it, and nothing else", f)
	}
	return d.found[0]
}

func TestRoomIsHeldAgainstMinFree(t *testing.T) {
	const least = 256 << 20
	for free, want := range map[int64]string{0: findingProblem, least - 1: findingProblem, least: findingWarning, 4*least - 1: findingWarning, 4 * least: findingOK} {
		d := newDoctor(t)
		d.judgeRoom("/pay", free)
		if got := d.only(t).State; got != want {
			t.Errorf("%d bytes free: %s, want %s", free, got, want)
		}
	}
}

func TestFileSystemsThatForgetAreNamed(t *testing.T) {
	rows := []struct {
		magic int64
		live  int
		want  string
	}{
		{unix.EXT4_SUPER_MAGIC, 1, findingOK},
		{0x7fffffff, 1, findingOK}, // one that nobody heard of is most likely local
		{unix.NFS_SUPER_MAGIC, 0, findingProblem},
		{unix.FUSE_SUPER_MAGIC, 0, findingProblem},
		{unix.TMPFS_MAGIC, 0, findingWarning},
		{unix.TMPFS_MAGIC, 1, findingProblem}, // live money in memory
		{unix.OVERLAYFS_SUPER_MAGIC, 0, findingWarning},
	}
	for _, row := range rows {
		d := newDoctor(t)
		d.live = row.live
		d.judgeFilesystem("/pay", row.magic)
		if got := d.only(t).State; got != row.want {
			t.Errorf("0x%x with %d live keys: %s, want %s", row.magic, row.live, got, row.want)
		}
	}
}

func TestSyncIsMeasuredAndLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	took, err := measureSync(dir)
	if err != nil || len(took) != syncRounds || took[0] <= 0 {
		t.Errorf("measured %v, %v, want %d times", took, err, syncRounds)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if _, err := measureSync(filepath.Join(dir, "missing")); err == nil {
		t.Error("a directory that isn't there was measured")
	}
}

func TestPortHeldBySomethingElseIsAProblem(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := newDoctor(t)
	d.cfg.Server.Listen = ln.Addr().String()
	d.lookPort(t.Context())
	if f := d.only(t); f.State != findingProblem || !strings.Contains(f.Mend, "ss -ltnp") {
		t.Errorf("a port that is held: %+v", f)
	}
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	d.found = nil
	d.lookPort(t.Context())
	if f := d.only(t); f.State != findingOK {
		t.Errorf("a port that is free: %+v", f)
	}
	// A daemon that runs and doesn't hold it has another configuration.
	d.found, d.status = nil, &client.Status{}
	d.lookPort(t.Context())
	if f := d.only(t); f.State != findingProblem || !strings.Contains(f.Mend, "restart") {
		t.Errorf("a port that the daemon doesn't hold: %+v", f)
	}
}

// TestPortHeldByOurDaemonIsFine runs the daemon, and a server of another age.
func TestPortHeldByOurDaemonIsFine(t *testing.T) {
	m := newPlace(t)
	p := start(t, []string{"PENSTOCK_CONFIG=" + m.Config}, "serve")
	at := strings.TrimPrefix(p.url, "http://")
	out, _ := once(t, []string{"PENSTOCK_CONFIG=" + m.Config, "PENSTOCK_SERVER_LISTEN=" + at}, "doctor")
	if want := "port           " + at + " is held by the daemon"; !strings.Contains(out, want) {
		t.Errorf("want %q in\n%s", want, out)
	}
	d := newDoctor(t)
	d.cfg.Server.Listen = at
	d.status = &client.Status{Version: readVersion().Version, Started: time.Now().Add(-time.Hour)}
	if d.ours(t.Context()) {
		t.Error("a daemon that began an hour ago was taken for the one that serves there")
	}
}

func TestCertificatesThatEndAreNamed(t *testing.T) {
	now, day := time.Now(), 24*time.Hour
	rows := []struct {
		from, to time.Time
		public   string
		want     []string
	}{
		{now.Add(-day), now.Add(90 * day), "https://pay.example.com", []string{findingOK}},
		{now.Add(-day), now.Add(13 * day), "https://pay.example.com", []string{findingWarning}},
		{now.Add(-2 * day), now.Add(-day), "", []string{findingProblem}},
		{now.Add(day), now.Add(90 * day), "", []string{findingProblem}},
		{now.Add(-day), now.Add(90 * day), "https://other.example.com", []string{findingOK, findingProblem}},
	}
	for i, row := range rows {
		d := newDoctor(t)
		d.cfg.Server.PublicURL = row.public
		d.cfg.Server.TLSCert, d.cfg.Server.TLSKey = writeCertificate(t, row.from, row.to)
		d.lookTLS()
		var got []string
		for _, f := range d.found {
			if f.Check == "certificate" {
				got = append(got, f.State)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(row.want) {
			t.Errorf("row %d: %v, want %v: %+v", i, got, row.want, d.found)
		}
	}
}

func writeCertificate(t *testing.T, from, to time.Time) (certFile, keyFile Path) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: to, DNSNames: []string{"pay.example.com"}}
	cert, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: cert}, "key.pem": {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := writeNew(filepath.Join(dir, name), pem.EncodeToMemory(block)); err != nil {
			t.Fatal(err)
		}
	}
	return Path(filepath.Join(dir, "cert.pem")), Path(filepath.Join(dir, "key.pem"))
}

func TestClockBehindTheStoreIsAProblem(t *testing.T) {
	d := newDoctor(t)
	path := string(d.cfg.Store.Path)
	if err := writeNew(path, nil); err != nil {
		t.Fatal(err)
	}
	ahead := time.Now().Add(time.Hour)
	if err := os.Chtimes(path, ahead, ahead); err != nil {
		t.Fatal(err)
	}
	d.lookClock(t.Context())
	if f := d.found[0]; f.State != findingProblem || !strings.Contains(f.Text, "set back") {
		t.Errorf("a clock an hour behind the store: %+v", f)
	}
}

// TestStatusThatWantsAPersonIsSaid gives the daemon's words one by one.
func TestStatusThatWantsAPersonIsSaid(t *testing.T) {
	rows := []struct {
		state, mend string
		change      func(*client.Status)
	}{
		{findingOK, "", func(*client.Status) {}},
		{findingProblem, "penstock release", func(s *client.Status) { s.Held = "it was restored" }},
		{findingProblem, "penstock unseal", func(s *client.Status) { s.Locker.Sealed = true }},
		{findingProblem, "restart", func(s *client.Status) { s.Work.Round = 61_000 }},
		{findingWarning, "--trust", func(s *client.Status) { s.Wary = []string{"mca_1"} }},
		{findingWarning, "penstock rekey", func(s *client.Status) { s.Locker.Rotating = true }},
		{findingWarning, "payout list", func(s *client.Status) { s.Work.Conflicts = 1 }},
		{findingWarning, "restart", func(s *client.Status) { s.Version = "v0.0.1" }},
	}
	for i, row := range rows {
		d := newDoctor(t)
		s := client.Status{Version: readVersion().Version}
		row.change(&s)
		d.judgeStatus(s)
		if f := d.only(t); f.State != row.state || !strings.Contains(f.Mend, row.mend) {
			t.Errorf("row %d: %+v, want %s and %q", i, f, row.state, row.mend)
		}
	}
}
