package egress

import (
	"context"
	"errors"
	"net"
	"testing"
)

func TestOtherThanHTTPGoesWhereThePolicyLets(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, row := range []struct {
		allow []string
		ok    bool
	}{{nil, false}, {[]string{"127.0.0.1:22"}, false}, {[]string{l.Addr().String()}, true}} {
		p, err := ParsePolicy(row.allow, "")
		if err != nil {
			t.Fatal(err)
		}
		conn, err := Connect(p, Options{})(context.Background(), "tcp", l.Addr().String())
		if (err == nil) != row.ok || err != nil && !errors.Is(err, ErrNotAllowed) {
			t.Errorf("allow %q: got %v", row.allow, err)
		}
		if err == nil {
			conn.Close()
		}
	}
}
