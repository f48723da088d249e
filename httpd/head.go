package httpd

import (
	"bytes"
	"strings"

	"github.com/valyala/fasthttp"
)

// maxHeaderLines is more than any client sends and any proxy adds.
const maxHeaderLines = 100

// once are the headers that two parties could read differently when they
// stand twice.
var once = [...]string{
	atHost: "Host", atLength: "Content-Length", atChunked: "Transfer-Encoding", atExpect: "Expect",
	4: "Content-Type", "Authorization", "Api-Key", "Idempotency-Key", "X-Request-Id",
}

const (
	atHost = iota
	atLength
	atChunked
	atExpect
)

// checkHead reads the head of a request a second time, from its raw bytes,
// and refuses what fasthttp lets pass although a proxy in front may read it
// otherwise (RFC 9112, 11.2): both a length and chunks, folded lines, bare
// line feeds, paths that change when they are normalised. nil means sound.
func checkHead(h *fasthttp.RequestHeader) *refusal {
	found, r := scanLines(h.RawHeaders())
	if r != nil {
		return r
	}
	host, length, chunked, expect := found[atHost], found[atLength], found[atChunked], found[atExpect]
	switch {
	case chunked.n > 0 && (length.n > 0 || !bytes.EqualFold(chunked.value, []byte("chunked"))):
		return badFraming
	case chunked.n > 0 && !h.IsHTTP11():
		return badFraming
	case length.n > 0 && !isLength(length.value):
		return badFraming
	case string(h.Protocol()) != "HTTP/1.1" && string(h.Protocol()) != "HTTP/1.0":
		return badVersion
	case !soundHost(host) && (h.IsHTTP11() || host.n > 0):
		return badHost
	case expect.n > 0 && string(expect.value) != "100-continue":
		return badExpect
	}
	switch string(h.Method()) {
	case fasthttp.MethodGet, fasthttp.MethodHead:
		if chunked.n > 0 || len(bytes.Trim(length.value, "0")) > 0 {
			return bodyOnGet
		}
	case fasthttp.MethodPost, fasthttp.MethodPut, fasthttp.MethodPatch, fasthttp.MethodDelete, fasthttp.MethodOptions:
	case fasthttp.MethodTrace, fasthttp.MethodConnect:
		return badMethod
	default:
		return noMethod
	}
	path, _, _ := bytes.Cut(h.RequestURI(), []byte("?"))
	if !plainPath(string(path)) {
		return badTarget
	}
	return nil
}

// line is how often a header stands, and its last value.
type line struct {
	n     int
	value []byte
}

// scanLines checks each line's form (RFC 9112, 5) and collects those of once.
func scanLines(raw []byte) (found [len(once)]line, r *refusal) {
	for lines := 0; len(raw) > 0; lines++ {
		text, rest, ended := bytes.Cut(raw, []byte("\r\n"))
		if !ended || bytes.IndexByte(text, '\n') >= 0 || bytes.IndexByte(text, '\r') >= 0 || bytes.IndexByte(text, 0) >= 0 {
			return found, badHeader
		}
		if raw = rest; len(text) == 0 {
			break
		}
		if lines == maxHeaderLines {
			return found, headTooBig
		}
		name, value, ok := bytes.Cut(text, []byte(":"))
		if !ok || !isToken(name) {
			return found, badHeader
		}
		for i, single := range once {
			if len(single) != len(name) || !strings.EqualFold(single, string(name)) {
				continue
			}
			if found[i].n > 0 {
				return found, repeated(i)
			}
			found[i] = line{n: 1, value: bytes.Trim(value, " \t")}
		}
	}
	if len(raw) > 0 {
		return found, badHeader
	}
	return found, nil
}

func repeated(at int) *refusal {
	switch at {
	case atLength, atChunked:
		return badFraming
	case atHost:
		return badHost
	}
	return twiceHeader
}

// isLength: digits alone, and fewer than would wrap an int64.
func isLength(value []byte) bool {
	for _, c := range value {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(value) > 0 && len(value) <= 12
}

// isToken: RFC 9110, 5.6.2. A space before the colon is no part of one, nor
// is the white space that would fold the line into the one above.
func isToken(name []byte) bool {
	for _, c := range name {
		if !alphanumeric(c) && c != '-' && strings.IndexByte("!#$%&'*+.^_`|~", c) < 0 {
			return false
		}
	}
	return len(name) > 0
}

// soundHost admits what a name, an address and a port are written with; an @
// or a slash would make fasthttp take another host.
func soundHost(h line) bool {
	for i := range len(h.value) {
		c := h.value[i]
		if !alphanumeric(c) && strings.IndexByte(".-_:[]", c) < 0 {
			return false
		}
	}
	return h.n == 1 && len(h.value) > 0
}

// plainPath says whether a raw path is its own normal form: absolute, of
// unreserved characters and few others, without %, backslash, semicolon, or
// segments that are empty, "." or "..". The last segment may be empty.
// fasthttp decodes and normalises before routing, so that a proxy's rule for
// /pay/* and ours would see two different paths.
func plainPath(path string) bool {
	if path == "" || path[0] != '/' {
		return false
	}
	for i := range len(path) {
		if c := path[i]; !alphanumeric(c) && strings.IndexByte("/-._~:@!$&'()*+,=", c) < 0 {
			return false
		}
	}
	segments := strings.Split(path[1:], "/")
	for i, s := range segments {
		if s == "." || s == ".." || s == "" && i < len(segments)-1 {
			return false
		}
	}
	return true
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}
