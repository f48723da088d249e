package declarative

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"net/http"
	"net/url"
	"strconv"

	"penstock/engine/connector"
)

// authentication checks what requests say whose they are by.
func (c *checker) authentication() {
	a := c.f.Auth
	need := func(key, name string) { c.credential(key, name) }
	switch a.Kind {
	case "none":
	case "bearer":
		need("auth.secret", a.Secret)
	case "header":
		need("auth.secret", a.Secret)
		c.header("auth.header", a.Header)
	case "basic":
		need("auth.secret", a.Secret)
		need("auth.user", a.User)
	case "oauth2":
		need("auth.secret", a.Secret)
		need("auth.user", a.User)
		if (a.TokenPath == "") == (a.TokenURL == "") {
			c.bad("auth", "oauth2 has either token_path or token_url")
		}
		if a.TokenPath != "" {
			c.path("auth.token_path", a.TokenPath, nil)
		}
		if u, err := url.Parse(a.TokenURL); a.TokenURL != "" && (err != nil || u.Scheme != "https" || u.User != nil || !c.home(u.Host)) {
			c.bad("auth.token_url", "must be https at one of provider.hosts")
		}
		if a.TokenIn != "" && a.TokenIn != "basic" && a.TokenIn != "body" {
			c.bad("auth.token_in", "must be basic or body")
		}
	case "hmac":
		need("auth.secret", a.Secret)
		if hashOf(a.Algorithm) == nil {
			c.bad("auth.algorithm", "must be hmac-sha256 or hmac-sha512")
		}
		if a.Encoding != "hex" && a.Encoding != "base64" {
			c.bad("auth.encoding", "must be hex or base64")
		}
		own := []string{"method", "path", "timestamp", "body"}
		signed := c.template("auth.signed", a.Signed, nil, own...)
		for _, name := range own {
			if !asks(signed.names(), name) && name != "timestamp" {
				c.bad("auth.signed", "must hold {method}, {path} and {body}")
				break
			}
		}
		carried := false
		for name, text := range a.Headers {
			if name != "Authorization" {
				c.header("auth.headers."+name, name)
			}
			carried = carried || asks(c.template("auth.headers."+name, text, nil, "signature", "timestamp").names(), "signature")
		}
		if !carried {
			c.bad("auth.headers", "none bears {signature}")
		}
	default:
		c.bad("auth.kind", "must be none, bearer, basic, header, oauth2 or hmac")
	}
}

// home says whether a host is the provider's.
func (c *checker) home(host string) bool {
	for _, raw := range []string{c.f.Provider.BaseURL, c.f.Provider.TestURL} {
		if u, err := url.Parse(raw); err == nil && u.Host == host {
			return true
		}
	}
	for _, h := range c.f.Provider.Hosts {
		if h == host {
			return true
		}
	}
	return false
}

func hashOf(algorithm string) func() hash.Hash {
	switch algorithm {
	case "hmac-sha256":
		return sha256.New
	case "hmac-sha512":
		return sha512.New
	}
	return nil
}

func encoded(encoding string, b []byte) string {
	if encoding == "hex" {
		return hex.EncodeToString(b)
	}
	return base64.StdEncoding.EncodeToString(b)
}

// authenticate puts into header whose request this is.
func (a *account) authenticate(ctx context.Context, method, target string, header http.Header, body []byte) error {
	auth := a.form.file.Auth
	secret, user := a.acc.Secrets[auth.Secret], a.acc.Secrets[auth.User]
	switch auth.Kind {
	case "bearer":
		header.Set("Authorization", "Bearer "+secret)
	case "header":
		header.Set(auth.Header, secret)
	case "basic":
		header.Set("Authorization", basic(user, secret))
	case "oauth2":
		token, err := a.bearer(ctx, user, secret)
		if err != nil {
			return err
		}
		header.Set("Authorization", "Bearer "+token)
	case "hmac":
		return a.sign(auth, secret, method, target, header, body)
	}
	return nil
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// sign sets the headers of a request that is signed in parts.
func (a *account) sign(auth auth, secret, method, target string, header http.Header, body []byte) error {
	u, err := url.Parse(target)
	if err != nil {
		return errors.New("can't read the target")
	}
	v := a.values("")
	v["method"], v["path"], v["timestamp"], v["body"] = method, u.RequestURI(), strconv.FormatInt(a.host.Now().Unix(), 10), ""
	signed, err := signedText(auth.Signed, v, body)
	if err != nil {
		return err
	}
	mac := hmac.New(hashOf(auth.Algorithm), []byte(secret))
	mac.Write(signed)
	v["signature"] = encoded(auth.Encoding, mac.Sum(nil))
	for name, text := range auth.Headers {
		t, err := readTemplate(text)
		if err != nil {
			return errors.New("can't read the form's header")
		}
		value, err := t.string(v, inHeader)
		if err != nil {
			return err
		}
		header.Set(name, value)
	}
	return nil
}

// signedText fills the template of what is signed. The body goes in byte by
// byte, whatever it is.
func signedText(text string, v values, body []byte) ([]byte, error) {
	t, err := readTemplate(text)
	if err != nil {
		return nil, errors.New("can't read what is signed")
	}
	var out []byte
	for _, p := range t.parts {
		if len(p.names) == 1 && p.names[0] == "body" {
			out = append(out, body...)
			continue
		}
		s, err := template{parts: []part{p}}.string(v, nil)
		if err != nil {
			return nil, err
		}
		out = append(out, s...)
	}
	return out, nil
}

var errTarget = errors.New("can't read where a token is asked for")

// bearer is the token of the client credentials grant (RFC 6749 4.4).
func (a *account) bearer(ctx context.Context, user, secret string) (string, error) {
	auth := a.form.file.Auth
	target := auth.TokenURL
	if target == "" || a.acc.BaseURL != "" {
		path := auth.TokenPath
		if path == "" {
			u, err := url.Parse(target)
			if err != nil {
				return "", errTarget
			}
			path = u.Path
		}
		target = a.base + path
	}
	form := url.Values{"grant_type": {"client_credentials"}}
	if auth.Scope != "" {
		form.Set("scope", auth.Scope)
	}
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}}
	if auth.TokenIn == "body" {
		form.Set("client_id", user)
		form.Set("client_secret", secret)
	} else {
		header.Set("Authorization", basic(url.QueryEscape(user), url.QueryEscape(secret)))
	}
	return a.token.Get(ctx, a.host, connector.Request{Method: http.MethodPost, URL: target, Header: header, Body: []byte(form.Encode())})
}
