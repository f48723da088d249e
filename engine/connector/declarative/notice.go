package declarative

import (
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// maxNotice bounds a notification; the longest that a provider documents has a
// few KiB.
const maxNotice = 256 << 10

// notice is how notifications are checked and read.
type notice struct {
	header, encoding, secret string
	signed                   string
	algorithm                string
	stamp, signature         string // names in a header of parts: "t", "v1"; empty: the whole header
	ours                     matcher
	reading                  reading
	key, ref                 pointer
}

func (c *checker) notice(n *notify) *notice {
	if n == nil {
		return nil
	}
	out := &notice{header: n.Header, encoding: n.Encoding, secret: n.Secret, signed: n.Signed, algorithm: n.Algorithm, key: c.pointer("notify.key", n.Key), ref: c.pointer("notify.ref", n.Ref)}
	c.header("notify.header", n.Header)
	c.credential("notify.secret", n.Secret)
	if hashOf(n.Algorithm) == nil && n.Algorithm != "rsa-sha256" {
		c.bad("notify.algorithm", "must be hmac-sha256, hmac-sha512 or rsa-sha256")
	}
	if n.Encoding != "hex" && n.Encoding != "base64" {
		c.bad("notify.encoding", "must be hex or base64")
	}
	if out.signed == "" {
		out.signed = "{body}"
	}
	t, err := readTemplate(out.signed)
	if err != nil || slices.ContainsFunc(t.names(), func(name string) bool { return name != "body" && name != "timestamp" }) || !asks(t.names(), "body") {
		c.bad("notify.signed", "is made of {body} and {timestamp}, and of {body} in any case")
	}
	if n.Scheme != "" && n.Scheme != "plain" {
		stamp, signature, ok := strings.Cut(n.Scheme, ",")
		if !ok || !isWord(stamp) || !isWord(signature) {
			c.bad("notify.scheme", "must be plain, or the names of time and signature, e.g. \"t,v1\"")
		}
		out.stamp, out.signature = stamp, signature
	} else if asks(t.names(), "timestamp") {
		c.bad("notify.signed", "has a {timestamp}, for which notify.scheme must name a part of the header")
	}
	if out.key == nil && out.ref == nil {
		c.bad("notify", "names no transfer: key or ref")
	}
	if len(n.Ours) > 0 {
		out.ours = c.matcher("notify.ours", n.Ours)
	}
	out.reading = c.reading("notify", answer{Ref: n.Ref, Status: n.Status, Words: n.Words, Code: n.Code}, false)
	for text, w := range out.reading.words {
		if w.verdict == connector.PartlyPaid {
			c.bad("notify.words."+text, "a part needs its amount: let the look-up say it")
		}
	}
	return out
}

// notification checks the signature over the raw body, then reads it.
func (a *account) notification(header http.Header, body []byte) (connector.Notice, error) {
	n := a.form.notify
	if !n.true(a.acc.Secrets[n.secret], header.Values(n.header), body) {
		return connector.Notice{}, connector.ErrSignature
	}
	note, err := a.form.told(body)
	if err != nil {
		return connector.Notice{}, fmt.Errorf("%s: notification: %w", a.form.Name(), err)
	}
	note.Outcome = note.Outcome.Scrub(a.hidden())
	return note, nil
}

// true says whether the one signature header is the provider's over the body.
func (n *notice) true(secret string, headers []string, body []byte) bool {
	if secret == "" || len(headers) != 1 || len(headers[0]) > 4096 || len(body) > maxNotice {
		return false
	}
	stamp, signatures := "", []string{headers[0]}
	if n.stamp != "" {
		signatures = nil
		for part := range strings.SplitSeq(headers[0], ",") {
			name, value, _ := strings.Cut(part, "=")
			switch name {
			case n.stamp:
				stamp = value
			case n.signature:
				signatures = append(signatures, value)
			}
		}
		if stamp == "" || strings.Trim(stamp, "0123456789") != "" {
			return false
		}
	}
	signed, err := signedText(n.signed, values{"timestamp": stamp}, body)
	if err != nil {
		return false
	}
	right := false
	for _, text := range signatures {
		got, err := n.decode(text)
		right = err == nil && n.verify(secret, signed, got) || right
	}
	return right
}

func (n *notice) decode(text string) ([]byte, error) {
	if n.encoding == "hex" {
		return hex.DecodeString(text)
	}
	return base64.StdEncoding.Strict().DecodeString(text)
}

func (n *notice) verify(secret string, signed, signature []byte) bool {
	if h := hashOf(n.algorithm); h != nil {
		mac := hmac.New(h, []byte(secret))
		mac.Write(signed)
		return hmac.Equal(mac.Sum(nil), signature)
	}
	block, _ := pem.Decode([]byte(secret))
	if block == nil {
		return false
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	public, ok := key.(*rsa.PublicKey)
	sum := sha256.Sum256(signed)
	return err == nil && ok && rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], signature) == nil
}

var errNameless = errors.New("names no transfer")

// told reads a notification that is the provider's.
func (f *Form) told(body []byte) (connector.Notice, error) {
	tree, err := readTree(body)
	if err != nil {
		return connector.Notice{}, err
	}
	if !isObject(tree) {
		return connector.Notice{}, errTree
	}
	n := f.notify
	if n.ours != nil && !n.ours.holds(tree) {
		return connector.Notice{}, connector.ErrNotOurs
	}
	out, err := f.outcome(n.reading, tree, money.Amount{})
	if err != nil {
		return connector.Notice{}, err
	}
	note := connector.Notice{Outcome: out}
	if n.key != nil {
		key, ok := n.key.text(tree)
		if note.Key = connector.Ref(key); !ok || note.Key == "" {
			return connector.Notice{}, errNameless
		}
	}
	if f.file.Key.Form == "uuid" && n.key != nil {
		note.Key = "" // a UUID doesn't lead back to the key
	}
	if note.Key == "" && note.Outcome.Ref == "" {
		return connector.Notice{}, errNameless
	}
	return note, nil
}
