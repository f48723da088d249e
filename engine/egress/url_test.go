package egress

import (
	"net/url"
	"strings"
	"testing"
)

func TestURLsOfTenants(t *testing.T) {
	p := mustPolicy(t, "")
	for _, row := range []struct{ raw, want, reason string }{
		{"https://hook.example/a?b=c", "https://hook.example/a?b=c", ""},
		{"HTTPS://Hook.EXAMPLE/A", "https://hook.example/A", ""},
		{"https://hook.example:443/", "https://hook.example/", ""},
		{"https://hook.example:/", "https://hook.example/", ""},
		{"https://hook.example./", "https://hook.example/", ""},
		{"https://hook.example。/", "https://hook.example/", ""},
		{"https://bücher.example/", "https://xn--bcher-kva.example/", ""},
		{"https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/", ""},
		{"https://r3---sn_a.hook.example", "https://r3---sn_a.hook.example", ""},
		{"https://127.0.0.1.hook.example/", "https://127.0.0.1.hook.example/", ""},
		{"https://hook.example/%2e%2e/x", "https://hook.example/%2e%2e/x", ""},

		{"http://hook.example/", "", "https"},
		{"ftp://hook.example/", "", "https"},
		{"file:///etc/passwd", "", "absolute"},
		{"gopher://hook.example/", "", "https"},
		{"javascript:alert(1)", "", "absolute"},
		{"//hook.example/", "", "https"},
		{"hook.example", "", "absolute"},
		{"", "", "absolute"},
		{"https:///path", "", "absolute"},
		{"https:hook.example", "", "absolute"},
		{"https://user@hook.example/", "", "user"},
		{"https://user:pw@hook.example/", "", "user"},
		{"https://@hook.example/", "", "user"},
		{"https://hook.example@127.0.0.1/", "", "user"},
		{"https://hook.example/#f", "", "fragment"},
		{"https://hook.example/#", "", "fragment"},
		{"https://hook.example:8443/", "", "port"},
		{"https://hook.example:80/", "", "port"},
		{"https://hook.example:0/", "", "port"},
		{"https://hook.example:99999/", "", "port"},
		{"https://hook.example:-1/", "", "not a URL"},
		{"https://hook.example/" + strings.Repeat("a", 2048), "", "2048"},
		{"https://hook.example\\@127.0.0.1/", "", "not a URL"},
		{"https://hook.example\r\nHost: x/", "", "not a URL"},
		{" https://hook.example/", "", "not a URL"},
		{"https://hook example/", "", "not a URL"},

		{"https://1.1.1.1/", "", "in place of a name"},
		{"https://127.0.0.1/", "", "loopback"},
		{"https://[::1]/", "", "loopback"},
		{"https://[::ffff:127.0.0.1]/", "", "loopback"},
		{"https://[::ffff:7f00:1]/", "", "loopback"},
		{"https://[fe80::1%25eth0]/", "", "zone"},
		{"https://[64:ff9b::7f00:1]/", "", "hides 127.0.0.1"},
		{"https://169.254.169.254/latest/meta-data/", "", "metadata"},
		{"https://2130706433/", "", "number"},
		{"https://0x7f000001/", "", "number"},
		{"https://0x7f.0.0.1/", "", "number"},
		{"https://0X7F.1/", "", "number"},
		{"https://017700000001/", "", "number"},
		{"https://0177.0.0.1/", "", "number"},
		{"https://127.1/", "", "number"},
		{"https://127.0.0.1./", "", "number"},
		{"https://hook.0x/", "", "number"},
		{"https://①②⑦.0.0.1/", "", "number"},
		{"https://127。0。0。1/", "", "number"},
		{"https://%31%32%37.0.0.1/", "", "not a URL"},
		{"https://localhost/", "", "public name"},
		{"https://LOCALHOST./", "", "public name"},
		{"https://a.localhost/", "", "public name"},
		{"https://ｌocalhost/", "", "public name"},
		{"https://printer.local/", "", "public name"},
		{"https://metadata.google.internal/", "", "public name"},
		{"https://intranet/", "", "public name"},
		{"https://hook..example/", "", "host"},
		{"https://.example/", "", "host"},
		{"https://./", "", "host"},
		{"https://*.example/", "", "host"},
		{"https://" + strings.Repeat("a", 64) + ".example/", "", "host"},
		{"https://" + strings.Repeat("a.", 127) + "example/", "", "host"},
		{"https://xn--a.example/", "", "host"},
	} {
		u, err := p.CheckURL(row.raw)
		got := reasonOf(t, err)
		if (row.reason == "") != (err == nil) || !strings.Contains(got, row.reason) {
			t.Errorf("CheckURL(%.60q) = %q, want %q", row.raw, got, row.reason)
		}
		if err == nil && u.String() != row.want {
			t.Errorf("CheckURL(%q) = %q, want %q", row.raw, u, row.want)
		}
	}
}

func TestListedURLs(t *testing.T) {
	for _, row := range []struct {
		mode, rule, raw string
		ok              bool
	}{
		{"", "127.0.0.1/32:8099", "http://127.0.0.1:8099/hook", true},
		{"", "127.0.0.1:8099", "https://127.0.0.1:8099/hook", true},
		{"", "127.0.0.1:8099", "http://localhost:8099/hook", true},
		{"", "127.0.0.1:8099", "http://[::ffff:127.0.0.1]:8099/hook", true},
		{"", "127.0.0.1:8099", "http://127.0.0.1:8098/hook", false},
		{"", "127.0.0.1:8099", "http://127.0.0.1/hook", false},
		{"", "127.0.0.1:8099", "http://127.0.0.2:8099/hook", false},
		{"", "127.0.0.1:8099", "http://user@127.0.0.1:8099/hook", false},
		{"", "127.0.0.1:8099", "ftp://127.0.0.1:8099/hook", false},
		{"", "[fd00::1]:443", "https://[fd00::1]/", true},
		{"", "[fd00::1]:443", "https://[fd00::2]/", false},
		{"", "erp.corp.example:8443", "https://ERP.corp.example.:8443/", true},
		{"", "erp.corp.example:8443", "http://erp.corp.example:8443/", true},
		{"", "erp.corp.example:8443", "http://x.corp.example:8443/", false},
		{"", "erp.corp.example:8443", "https://x.corp.example/", true},
		{"", "intranet:80", "http://intranet/", true},
		{"", "169.254.169.254/32:80", "http://169.254.169.254/", true},
		{"", "169.254.0.0/16:80", "http://169.254.169.254/", false},
		{"allow-only", "erp.corp.example:8443", "https://erp.corp.example:8443/", true},
		{"allow-only", "erp.corp.example:8443", "https://hook.example/", false},
		{"allow-only", "10.0.0.0/8:8443", "https://hook.example:8443/", true},
		{"allow-only", "1.1.1.1:443", "https://1.1.1.1/", true},
	} {
		_, err := mustPolicy(t, row.mode, row.rule).CheckURL(row.raw)
		if reasonOf(t, err); (err == nil) != row.ok {
			t.Errorf("%s %s: CheckURL(%s) = %v, want ok %v", row.mode, row.rule, row.raw, err, row.ok)
		}
	}
}

func TestRefusalDoesNotShowTheURL(t *testing.T) {
	_, err := mustPolicy(t, "").CheckURL("http://hook.example/s3cr3t?token=s3cr3t")
	if err == nil || strings.Contains(err.Error(), "s3cr3t") {
		t.Errorf("refusal = %v", err)
	}
	_, err = mustPolicy(t, "").CheckURL("https://me:s3cr3t@hook.example/")
	if err == nil || strings.Contains(err.Error(), "s3cr3t") {
		t.Errorf("refusal = %v", err)
	}
}

// A canonical URL is a fixed point, and without rules it leads to a name at 443.
func FuzzCheckURL(f *testing.F) {
	for _, s := range []string{
		"https://hook.example/a?b=c", "https://bücher.example.:443", "https://[::1]/", "https://0x7f.1/", "https://127。0。0。1/", "https://a%00b/",
	} {
		f.Add(s)
	}
	p := mustPolicy(f, "")
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := p.CheckURL(raw)
		if err != nil {
			reasonOf(t, err)
			return
		}
		again, err := p.checkTarget(u)
		if err != nil || again.String() != u.String() {
			t.Fatalf("CheckURL(%q) = %q, and again %v, %v", raw, u, again, err)
		}
		parsed, err := url.Parse(u.String())
		if err != nil || parsed.Host != u.Host || u.Scheme != "https" || u.Port() != "" || u.User != nil || strings.ContainsAny(u.Host, ":[]%@/\\") {
			t.Fatalf("CheckURL(%q) = %q", raw, u)
		}
	})
}
