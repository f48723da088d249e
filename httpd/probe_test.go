package httpd

import (
	"reflect"
	"strings"
	"testing"
)

// TestProbes is the suite of raw requests that scanners and smugglers send.
// fasthttp's fixes bear no CVE numbers, so it is this that a new version is
// held against. The second request on a connection whose first is refused must
// never be served: it may be part of the first one's body.
func TestProbes(t *testing.T) {
	const next = "GET /smuggled HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	const end = "Host: x\r\nConnection: close\r\n\r\n"
	get := func(target string) string { return "GET " + target + " HTTP/1.1\r\n" + end }
	rows := []struct {
		name, raw string
		want      []int
		served    string
	}{
		{"Content-Length and Transfer-Encoding", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + next, []int{400}, ""},
		{"Transfer-Encoding and Content-Length", "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + next, []int{400}, ""},
		{"Transfer-Encoding twice", "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + next, []int{400}, ""},
		{"Transfer-Encoding identity", "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n" + next, []int{400}, ""},
		{"Transfer-Encoding unknown", "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + next, []int{400}, ""},
		{"Transfer-Encoding list", "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + next, []int{400}, ""},
		{"Transfer-Encoding with a tab", "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n" + next, []int{400}, ""},
		{"Transfer-Encoding with HTTP/1.0", "POST /a HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + next, []int{400}, ""},
		{"Content-Length twice, equal", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}" + next, []int{400}, ""},
		{"Content-Length twice, unequal", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\ncontent-length: 2\r\n\r\n{}" + next, []int{400}, ""},
		{"Content-Length list", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2, 2\r\n\r\n{}" + next, []int{400}, ""},
		{"Content-Length signed", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: +2\r\n\r\n{}" + next, []int{400}, ""},
		{"Content-Length negative", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n" + next, []int{400}, ""},
		{"Content-Length in hexadecimal", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 0x2\r\n\r\n{}" + next, []int{400}, ""},
		{"Content-Length beyond 64 bits", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551618\r\n\r\n{}" + next, []int{400}, ""},
		{"Content-Length empty", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: \r\n\r\n" + next, []int{400}, ""},
		{"chunk size that is no number", "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n" + next, []int{400}, ""},
		{"chunk longer than it says", "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n" + next, []int{400}, ""},
		{"chunk size beyond 64 bits", "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000002\r\n{}\r\n0\r\n\r\n" + next, []int{400}, ""},
		{"line feed in a chunk extension", "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2;a\nb\r\n{}\r\n0\r\n\r\n" + next, []int{400}, ""},
		{"length hidden in a trailer", "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n" + next, []int{400}, ""},
		{"space before the colon", "GET /a HTTP/1.1\r\nHost : x\r\n\r\n" + next, []int{400}, ""},
		{"space before the colon of a length", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length : 2\r\n\r\n{}" + next, []int{400}, ""},
		{"space in a name", "GET /a HTTP/1.1\r\nHost: x\r\nX Y: 1\r\n\r\n" + next, []int{400}, ""},
		{"folded line", "GET /a HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n Content-Length: 5\r\n\r\n" + next, []int{400}, ""},
		{"folded first line", "GET /a HTTP/1.1\r\n Host: x\r\n\r\n" + next, []int{400}, ""},
		{"line without colon", "GET /a HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n" + next, []int{400}, ""},
		{"line without name", "GET /a HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n" + next, []int{400}, ""},
		{"bare line feed", "GET /a HTTP/1.1\r\nHost: x\nX-A: 1\r\n\r\n" + next, []int{400}, ""},
		{"bare carriage return", "GET /a HTTP/1.1\r\nHost: x\r\nX-A: 1\rX-B: 2\r\n\r\n" + next, []int{400}, ""},
		{"NUL in a value", "GET /a HTTP/1.1\r\nHost: x\r\nX-A: 1\x002\r\n\r\n" + next, []int{400}, ""},
		{"NUL in a name", "GET /a HTTP/1.1\r\nHost: x\r\n\x00refused: 1\r\n\r\n" + next, []int{400}, ""},
		{"no Host", "GET /a HTTP/1.1\r\nX: y\r\n\r\n" + next, []int{400}, ""},
		{"two Hosts", "GET /a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n" + next, []int{400}, ""},
		{"Host with a user", "GET /a HTTP/1.1\r\nHost: x@y\r\n\r\n" + next, []int{400}, ""},
		{"Host with a path", "GET /a HTTP/1.1\r\nHost: x/y\r\n\r\n" + next, []int{400}, ""},
		{"two API keys", "GET /a HTTP/1.1\r\nHost: x\r\napi-key: 1\r\nApi-Key: 2\r\n\r\n" + next, []int{400}, ""},
		{"two Idempotency-Keys", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nIdempotency-Key: 1\r\nIdempotency-Key: 1\r\n\r\n" + next, []int{400}, ""},
		{"absolute form", "GET http://x/a HTTP/1.1\r\nHost: x\r\n\r\n" + next, []int{400}, ""},
		{"absolute form, other host", "GET http://evil/a HTTP/1.1\r\nHost: x\r\n\r\n" + next, []int{400}, ""},
		{"asterisk", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n" + next, []int{400}, ""},
		{"authority form", "CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n" + next, []int{405}, ""},
		{"TRACE", "TRACE /a HTTP/1.1\r\nHost: x\r\n\r\n" + next, []int{405}, ""},
		{"unknown method", "BREW /a HTTP/1.1\r\nHost: x\r\n\r\n" + next, []int{501}, ""},
		{"method in lower case", "get /a HTTP/1.1\r\nHost: x\r\n\r\n" + next, []int{501}, ""},
		{"method that is no token", "G(T /a HTTP/1.1\r\nHost: x\r\n\r\n" + next, []int{400}, ""},
		{"nonsense", "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", []int{400}, ""},
		{"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", []int{505}, ""},
		{"HTTP/0.9", "GET /a\r\n\r\n" + next, []int{400}, ""},
		{"HTTP/3.7", "GET /a HTTP/3.7\r\nHost: x\r\n\r\n" + next, []int{505}, ""},
		{"HTTP/1.0", "GET /a HTTP/1.0\r\n\r\n" + next, []int{200}, "GET/a"},
		{"HTTP/1.0 with keep-alive", "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /b HTTP/1.0\r\n\r\n", []int{200, 200}, "GET/a GET/b"},
		{"two dots", get("/a/../b"), []int{400}, ""},
		{"two dots at the end", get("/a/.."), []int{400}, ""},
		{"one dot", get("/a/./b"), []int{400}, ""},
		{"encoded dots", get("/a/%2e%2e/b"), []int{400}, ""},
		{"doubly encoded dots", get("/a/%252e%252e/b"), []int{400}, ""},
		{"encoded letter", get("/%61"), []int{400}, ""},
		{"encoded slash", get("/a%2fb"), []int{400}, ""},
		{"encoded NUL", get("/a%00"), []int{400}, ""},
		{"two slashes", get("/a//b"), []int{400}, ""},
		{"two slashes in front", get("//x/a"), []int{400}, ""},
		{"backslash", get(`/a\..\b`), []int{400}, ""},
		{"path parameter", get("/a;x=/..;/b"), []int{400}, ""},
		{"fragment", get("/a#b"), []int{400}, ""},
		{"bytes beyond ASCII", get("/\xc0\xae\xc0\xae/b"), []int{400}, ""},
		{"dots within a name", get("/a..b/.c/v1.2"), []int{200}, "GET/a..b/.c/v1.2"},
		{"slash at the end", get("/a/"), []int{200}, "GET/a/"},
		{"escapes in the query", get("/a?x=%2e%2e%2f"), []int{200}, "GET/a"},
		{"control character in the query", get("/a?x=\x01"), []int{400}, ""},
		{"GET with a body", "GET /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}" + next, []int{400}, ""},
		{"GET with chunks", "GET /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + next, []int{400}, ""},
		{"HEAD with a body", "HEAD /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}" + next, []int{400}, ""},
		{"GET with a length of 0", "GET /a HTTP/1.1\r\nContent-Length: 0\r\n" + end, []int{200}, "GET/a"},
		{"body too large", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n" + strings.Repeat("x", 300000) + next, []int{413}, ""},
		{"chunks too large", "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1000\r\n"+strings.Repeat("x", 4096)+"\r\n", 30) + "0\r\n\r\n" + next, []int{413}, ""},
		{"header too large", "GET /a HTTP/1.1\r\nHost: x\r\nX-A: " + strings.Repeat("x", 9000) + "\r\n\r\n" + next, []int{431}, ""},
		{"target too large", "GET /" + strings.Repeat("x", 9000) + " HTTP/1.1\r\nHost: x\r\n\r\n" + next, []int{431}, ""},
		{"too many headers", "GET /a HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X: y\r\n", 100) + "\r\n" + next, []int{431}, ""},
		{"expectation met", "POST /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n" + end + "{}", []int{100, 200}, "POST/a"},
		{"expectation unknown", "POST /a HTTP/1.1\r\nHost: x\r\nExpect: money\r\nContent-Length: 2\r\n\r\n{}" + next, []int{417}, ""},
		{"expectation of a refused request", "POST //a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n" + next, []int{400}, ""},
		{"upgrade is ignored", "GET /a HTTP/1.1\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\n" + end, []int{200, 200}, "GET/a GET/b"},
		{"refused after a good one", "GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET //b HTTP/1.1\r\nHost: x\r\n\r\n" + next, []int{200, 400}, "GET/a"},
	}
	w := newWorld(t, nil, nil)
	for _, row := range rows {
		got := w.talk(t, row.raw)
		if served := w.called(); !reflect.DeepEqual(got, row.want) || served != row.served {
			t.Errorf("%s: answered %v and served %q, want %v and %q", row.name, got, served, row.want, row.served)
		}
	}
	for _, s := range []string{"smuggled", "evil"} {
		if strings.Contains(w.logged(), s) {
			t.Errorf("the log repeats %q of a refused request", s)
		}
	}
}
