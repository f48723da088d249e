package cli

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"syscall"
	"time"
)

// benchPatience is how long one call is waited for, and the end of one payout
// where nothing else is said.
const benchPatience = 30 * time.Second

// benchClient calls the server that is measured, over kept connections, as
// cheaply as a client can: it shares the machine with what it measures. It is
// safe for concurrent use.
type benchClient struct {
	conns *benchConns
	head  string // what stands in each request between its path and its own headers
	// run names this run: it begins all ids that the bench makes.
	run string
}

// newBenchClient takes an http or https URL and opens no connection yet.
func newBenchClient(u *url.URL, key string) *benchClient {
	return &benchClient{conns: newBenchConns(u), run: "bench_" + benchRunID(),
		head: " HTTP/1.1\r\nHost: " + u.Host + "\r\nUser-Agent: penstock-bench\r\napi-key: " + key + "\r\n"}
}

func benchRunID() string {
	var b [5]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}

// call makes one request and hands a good answer's body to read, which must
// not keep it. The result is empty, or the failure's class: words of ours, a
// status and the error's code, nothing else that the server wrote. A repeat
// of a POST by its idempotency key is never made here.
func (c *benchClient) call(method, path, once string, body []byte, read func([]byte) error) string {
	conn, err := c.conns.take()
	if err != nil {
		return benchCallError(err)
	}
	conn.out = c.request(conn.out[:0], method, path, once, body)
	answer, err := conn.exchange()
	defer func() {
		if err != nil || !answer.keep {
			_ = conn.Close() // nothing more is said on it
			return
		}
		c.conns.give(conn)
	}()
	if err != nil {
		return benchCallError(err)
	}
	if answer.status != http.StatusOK {
		return "HTTP " + strconv.Itoa(answer.status) + benchErrorCode(answer.body)
	}
	if err := read(answer.body); err != nil {
		return err.Error()
	}
	return ""
}

// request appends a request. Its parts are the bench's own, and the key has no
// line breaks.
func (c *benchClient) request(dst []byte, method, path, once string, body []byte) []byte {
	dst = append(append(append(append(dst, method...), ' '), path...), c.head...)
	if once != "" {
		dst = append(append(append(dst, "Idempotency-Key: "...), once...), "\r\n"...)
	}
	if body != nil {
		dst = append(dst, "Content-Type: application/json\r\n"...)
	}
	if method != http.MethodGet {
		dst = append(strconv.AppendInt(append(dst, "Content-Length: "...), int64(len(body)), 10), "\r\n"...)
	}
	return append(append(dst, "\r\n"...), body...)
}

// benchCallError sorts the ways in which no answer came.
func benchCallError(err error) string {
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection cut"
	}
	return "no answer"
}

// benchErrorCode is the code of an error as rest writes it, after a blank;
// empty when there is none.
func benchErrorCode(body []byte) string {
	var e struct {
		Error struct{ Code string }
	}
	if json.Unmarshal(body, &e) != nil || len(e.Error.Code) > 16 || e.Error.Code == "" {
		return ""
	}
	return " " + e.Error.Code
}

// benchTarget reads the flag --url. Unless remote is set, the host must be
// this machine: a load is not to fall on somebody else's by a slip.
func benchTarget(text string, remote bool) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return nil, usage(errors.New("--url: wants http://HOST:PORT or https://HOST:PORT"))
	case u.User != nil || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return nil, usage(errors.New("--url: wants scheme, host and port alone"))
	case !remote && !benchLoopback(u.Hostname()):
		return nil, withNext(refused(fmt.Errorf("--url: %s is not this machine", clip(u.Host))),
			"if that server is yours and may bear the load, add --remote")
	}
	return u, nil
}

// benchLoopback says whether a host is this machine by its name or address.
func benchLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback() || host == "localhost"
}

// benchListenAddr reads the flag --receiver.
func benchListenAddr(text string, remote bool) (string, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil || host == "" {
		return "", usage(errors.New("--receiver: wants HOST:PORT, e.g. 127.0.0.1:8099"))
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return "", usage(errors.New("--receiver: the port wants 1 to 65535"))
	}
	if !remote && !benchLoopback(host) {
		return "", withNext(refused(errors.New("--receiver: would listen beyond this machine")), "use 127.0.0.1, or add --remote")
	}
	return text, nil
}
