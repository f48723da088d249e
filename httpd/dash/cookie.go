package dash

import (
	"encoding/base64"
	"fmt"
	"io"
	"strings"

	"penstock/httpd/wire"
)

// Names of cookies. Over TLS the __Host- prefix keeps a neighbouring host from
// setting them.
const (
	cookieSession = "penstock"       // the session's token
	cookieForm    = "penstock_form"  // guards the forms before the log-in
	cookieTheme   = "penstock_theme" // light or dark
)

// secure says that the browser surely came over TLS, ended here or at a
// trusted proxy that says so: elsewhere a Secure cookie might never come back.
func secure(c *wire.Call) bool {
	if c.TLS {
		return true
	}
	all := strings.Split(strings.Join(c.HeaderAll("X-Forwarded-Proto"), ","), ",")
	return c.TrustedProxy && strings.EqualFold(strings.TrimSpace(all[len(all)-1]), "https")
}

func cookieName(c *wire.Call, name string) string {
	if secure(c) {
		return "__Host-" + name
	}
	return name
}

// cookie reads one; "" when it is absent or stands twice.
func cookie(c *wire.Call, name string) string {
	name = cookieName(c, name)
	found, times := "", 0
	for _, line := range c.HeaderAll("Cookie") {
		for part := range strings.SplitSeq(line, ";") {
			if n, v, ok := strings.Cut(strings.TrimSpace(part), "="); ok && n == name {
				found, times = v, times+1
			}
		}
	}
	if times != 1 {
		return ""
	}
	return found
}

// setCookie is the header that sets one until the browser is closed, or for
// age seconds; below zero it takes it away.
func setCookie(c *wire.Call, name, value string, age int) [2]string {
	s := cookieName(c, name) + "=" + value + "; Path=/; HttpOnly; SameSite=Strict"
	if secure(c) {
		s += "; Secure"
	}
	if age != 0 {
		s += fmt.Sprintf("; Max-Age=%d", max(age, 0))
	}
	return [2]string{"Set-Cookie", s}
}

// formSecret is the browser's secret before the log-in, and the header that
// sets one where it has none.
func (d *Dash) formSecret(c *wire.Call) (secret string, set [][2]string, err error) {
	if secret = cookie(c, cookieForm); len(secret) == 32 {
		return secret, nil, nil
	}
	raw := make([]byte, 24)
	if _, err := io.ReadFull(d.Random, raw); err != nil {
		return "", nil, fmt.Errorf("draw a form's secret: %w", err)
	}
	secret = base64.RawURLEncoding.EncodeToString(raw)
	return secret, [][2]string{setCookie(c, cookieForm, secret, 0)}, nil
}
