package connectortest

import (
	"fmt"
	"net/http"
	"strings"
)

// fault is what goes wrong with one answer. Without a mangle the connection
// closes in silence.
type fault struct {
	name    string
	deaf    bool // closes before it has read anything
	hold    bool // never answers
	reset   bool // resets the connection
	endless bool // never stops answering
	// mangle makes a well answer ill; whole says whether the connection may
	// stay open after it.
	mangle func(well string) (text string, whole bool)
}

// transportFaults are those after which nobody can know.
func transportFaults() []*fault {
	cut := func(name string, at func(well string) int) *fault {
		return &fault{name: name, mangle: func(well string) (string, bool) { return well[:at(well)], false }}
	}
	return []*fault{
		{name: "closed before reading", deaf: true},
		{name: "closed after reading"},
		{name: "reset after reading", reset: true},
		cut("cut in the status line", func(string) int { return 7 }),
		cut("cut in the headers", func(well string) int { return strings.Index(well, "\r\n") + 5 }),
		cut("cut before the body", func(well string) int { return strings.Index(well, "\r\n\r\n") + 4 }),
		cut("cut in the body", func(well string) int { return (strings.Index(well, "\r\n\r\n") + 4 + len(well)) / 2 }),
		cut("cut before the last byte", func(well string) int { return len(well) - 1 }),
		{name: "cut in a chunk", mangle: func(well string) (string, bool) {
			return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" +
				fmt.Sprintf("%x\r\n%s", len(body(well))+9, body(well)), false
		}},
		{name: "not HTTP", mangle: func(string) (string, bool) { return "SSH-2.0-OpenSSH_9.2\r\n", false }},
	}
}

// answerFaults are whole answers that mean nothing.
func answerFaults() []*fault {
	with := func(name string, change func(well string) string) *fault {
		return &fault{name: name, mangle: func(well string) (string, bool) { return JSON(status(well), change(body(well))), true }}
	}
	faults := []*fault{
		{name: "page of a proxy", mangle: page(http.StatusOK)},
		{name: "no content", mangle: func(string) (string, bool) { return "HTTP/1.1 204 No Content\r\n\r\n", true }},
		with("empty body", func(string) string { return "" }),
		with("each member twice", func(well string) string { return twice(well) }),
		with("text after it", func(well string) string { return well + "x" }),
		with("two of them", func(well string) string { return well + well }),
		with("half of it", func(well string) string { return well[:len(well)/2] }),
		with("not UTF-8", func(well string) string { return strings.Replace(well, `"`, "\"\xff", 1) }),
		with("empty object", func(string) string { return "{}" }),
		with("list of it", func(well string) string { return "[" + well + "]" }),
		with("null", func(string) string { return "null" }), with("true", func(string) string { return "true" }),
		with("number", func(string) string { return "1" }), with("text", func(string) string { return `"paid"` }),
		with("deep lists", func(string) string { return strings.Repeat("[", 50_000) + strings.Repeat("]", 50_000) }),
		with("large", func(well string) string { return `{"pad":"` + strings.Repeat("a", 16<<20) + `",` + well[1:] }),
	}
	for _, code := range []int{403, 404, 407, 413, 502} {
		faults = append(faults, &fault{name: fmt.Sprintf("page with status %d", code), mangle: page(code)})
	}
	for _, code := range []int{408, 425, 429, 500, 502, 503, 504, 599} {
		faults = append(faults, &fault{name: fmt.Sprintf("well but for status %d", code), mangle: func(well string) (string, bool) {
			return JSON(code, body(well)), true
		}})
	}
	return faults
}

func page(code int) func(string) (string, bool) {
	return func(string) (string, bool) {
		return raw(code, "text/html", "<!doctype html><title>Gateway</title><p>rejected: not found</p>"), true
	}
}

// redirects lead back to the same provider, body and all.
func redirects() []*fault {
	var faults []*fault
	for _, code := range []int{301, 302, 303, 307, 308} {
		faults = append(faults, &fault{name: fmt.Sprint(code), mangle: func(string) (string, bool) {
			return fmt.Sprintf("HTTP/1.1 %d Moved\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", code), true
		}})
	}
	return faults
}

func body(well string) string {
	_, b, _ := strings.Cut(well, "\r\n\r\n")
	return b
}

func status(well string) int {
	var code int
	fmt.Sscanf(well, "HTTP/1.1 %d", &code)
	return code
}

// twice repeats the members of an object. What isn't one is only spoilt.
func twice(object string) string {
	inner := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(object), "{"), "}")
	return "{" + inner + "," + inner + "}"
}
