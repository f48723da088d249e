package httpd_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"penstock/httpd"
)

// TestACertificateIsHadByACME: from Pebble, the test service of Let's Encrypt,
// which looks at the challenge as the real one does.
func TestACertificateIsHadByACME(t *testing.T) {
	pebble, err := exec.LookPath("pebble")
	if err != nil {
		t.Skip("skipped: no pebble is here; go install github.com/letsencrypt/pebble/v2/cmd/pebble@latest")
	}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ours, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	defer ours.Close()
	dir := t.TempDir()
	at, client := startPebble(t, pebble, dir, ours.Addr().(*net.TCPAddr).Port)
	serve, err := httpd.ACME(httpd.ACMEOptions{Names: []string{"pay.example"}, Email: "ops@example.com", Directory: "https://" + at + "/dir", Cache: filepath.Join(dir, "cache"), Client: client})
	check(err)
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })}
	defer srv.Close()
	go func() { _ = srv.Serve(tls.NewListener(ours, serve)) }()
	dial := func(name string) (*x509.Certificate, error) {
		conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 20 * time.Second}, "tcp", ours.Addr().String(), &tls.Config{ServerName: name, InsecureSkipVerify: true}) // the test service's root is drawn anew each time
		if err != nil {
			return nil, err
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0], nil
	}
	got, err := dial("pay.example")
	check(err)
	if err := got.VerifyHostname("pay.example"); err != nil || got.Issuer.String() == got.Subject.String() {
		t.Errorf("the certificate is for %v by %s", got.DNSNames, got.Issuer)
	}
	again, err := dial("pay.example")
	check(err)
	if !again.Equal(got) {
		t.Error("a second handshake asked for another certificate")
	}
	if _, err := dial("elsewhere.example"); err == nil {
		t.Error("a name that isn't ours got a certificate")
	}
	if info, err := os.Stat(filepath.Join(dir, "cache")); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the cache is open to others: %v, %v", info.Mode(), err)
	}
}

// startPebble starts the test service, which looks for challenges at the port,
// and gives its address and a client that trusts it. A free port may be taken
// by somebody else before the service is there: then it ends, and another is
// tried.
func startPebble(t *testing.T, pebble, dir string, port int) (at string, client *http.Client) {
	t.Helper()
	cert, key, roots := selfSigned(t, dir)
	names := namesHere(t)
	client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}, Timeout: 20 * time.Second}
	for range 10 {
		free, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		at = free.Addr().String()
		free.Close()
		config, err := json.Marshal(map[string]any{"pebble": map[string]any{
			"listenAddress": at, "managementListenAddress": "127.0.0.1:0", "certificate": cert, "privateKey": key, "httpPort": 5002, "tlsPort": port,
			"ocspResponderURL": "", "externalAccountBindingRequired": false, "profiles": map[string]any{"default": map[string]any{"description": "a day", "validityPeriod": 86400}}}})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "pebble.json"), config, 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(pebble, "-config", filepath.Join(dir, "pebble.json"), "-dnsserver", names)
		cmd.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0")
		var said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &said, &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
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
		if answers(t, client, "https://"+at+"/dir", ended) {
			return at, client
		}
	}
	t.Fatal("the test service ended at each of ten ports")
	return "", nil
}

// answers waits until there is an answer, or the process has ended.
func answers(t *testing.T, client *http.Client, url string, ended <-chan struct{}) bool {
	t.Helper()
	for began := time.Now(); ; {
		resp, err := client.Get(url)
		if err == nil {
			resp.Body.Close()
			return true
		}
		if time.Since(began) > 20*time.Second {
			t.Fatal(err)
		}
		select {
		case <-ended:
			return false
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// selfSigned writes a certificate for 127.0.0.1, by which the test service is
// known.
func selfSigned(t *testing.T, dir string) (certFile, keyFile string, roots *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile, roots = filepath.Join(dir, "pebble.pem"), filepath.Join(dir, "pebble.key"), x509.NewCertPool()
	for name, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	own, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots.AddCert(own)
	return certFile, keyFile, roots
}

// namesHere is a DNS server, over TCP, that says of every name that it is this
// machine.
func namesHere(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	group.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			group.Go(func() {
				defer conn.Close()
				var size [2]byte
				if _, err := io.ReadFull(conn, size[:]); err != nil {
					return
				}
				q := make([]byte, int(size[0])<<8|int(size[1]))
				if _, err := io.ReadFull(conn, q); err != nil {
					return
				}
				a := nameHere(q)
				_, _ = conn.Write(append([]byte{byte(len(a) >> 8), byte(len(a))}, a...))
			})
		}
	})
	t.Cleanup(func() {
		ln.Close()
		group.Wait()
	})
	return ln.Addr().String()
}

// nameHere answers one question (RFC 1035, 4.1).
func nameHere(q []byte) []byte {
	end := 12
	for end < len(q) && q[end] != 0 { // labels of the name
		end += int(q[end]) + 1
	}
	if end+5 > len(q) {
		return nil
	}
	a := append([]byte{q[0], q[1], 0x85, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, q[12:end+5]...)
	if q[end+2] == 1 { // an address is asked for
		a[7] = 1
		a = append(a, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1)
	}
	return a
}
