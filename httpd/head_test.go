package httpd

import (
	"bufio"
	"bytes"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"
)

// Whatever head is let in, net/http must read it as fasthttp does: two parsers
// that agree stand for us and a proxy in front.
func FuzzHead(f *testing.F) {
	for _, s := range []string{
		"GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n", "POST /a HTTP/1.1\r\nHost: x:80\r\nContent-Length: 2\r\n\r\n{}",
		"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "GET /a HTTP/1.0\r\n\r\n",
		"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n",
		"GET /a HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n b\r\n\r\n", "GET /a HTTP/1.1\r\nHost: x\n\r\n\r\n",
		"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length:\t2 \r\n\r\n{}", "\r\nGET / HTTP/1.1\r\nhost: [::1]\r\n\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var h fasthttp.RequestHeader
		if h.Read(bufio.NewReaderSize(bytes.NewReader(raw), 8<<10)) != nil || checkHead(&h) != nil {
			return
		}
		// net/http takes an empty line before the request for an error.
		std, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(bytes.TrimLeft(raw, "\r\n"))))
		if err != nil {
			if strings.Contains(err.Error(), "invalid URL escape") || strings.Contains(err.Error(), "malformed Host") {
				return // stricter about the query and the host's form than we need to be
			}
			t.Fatalf("let in %q, net/http says %v", raw, err)
		}
		chunked := slices.Contains(std.TransferEncoding, "chunked")
		length := int64(h.ContentLength())
		if length == -2 {
			length = 0
		}
		if std.Method != string(h.Method()) || std.RequestURI != string(h.RequestURI()) || std.Host != string(h.Host()) ||
			chunked != (h.ContentLength() == -1) || !chunked && std.ContentLength != length {
			t.Fatalf("%q: net/http reads %s %s at %q, %d bytes, chunked %v; fasthttp %s %s at %q, %d bytes", raw, std.Method,
				std.RequestURI, std.Host, std.ContentLength, chunked, h.Method(), h.RequestURI(), h.Host(), h.ContentLength())
		}
	})
}

// A path that is let in is the same for all who decode, clean or normalise it.
func FuzzPath(f *testing.F) {
	for _, s := range []string{"/", "/a/b", "/a/../b", "/a//b", "/%61", "/a/", "/..a", "/a;b", `/a\b`, "//", "/.", "*"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, p string) {
		if !plainPath(p) {
			return
		}
		u, err := url.ParseRequestURI(p)
		if err != nil || u.Path != p || u.EscapedPath() != p {
			t.Fatalf("net/url reads %q as %+v, %v", p, u, err)
		}
		clean := path.Clean(p)
		if clean != p && clean+"/" != p {
			t.Fatalf("%q becomes %q when it is cleaned", p, clean)
		}
		var uri fasthttp.URI
		if err := uri.Parse([]byte("x"), []byte(p)); err != nil || string(uri.Path()) != p {
			t.Fatalf("fasthttp reads %q as %q, %v", p, uri.Path(), err)
		}
	})
}

func BenchmarkCheckHead(b *testing.B) {
	const raw = "POST /payouts/create HTTP/1.1\r\nHost: localhost:8080\r\nUser-Agent: bench/1.0\r\nAccept: */*\r\n" +
		"Content-Type: application/json\r\nContent-Length: 650\r\napi-key: snd_0123456789abcdef\r\nIdempotency-Key: k1\r\n\r\n"
	var h fasthttp.RequestHeader
	if err := h.Read(bufio.NewReader(strings.NewReader(raw))); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if r := checkHead(&h); r != nil {
			b.Fatal(r)
		}
	}
}
