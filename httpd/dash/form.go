package dash

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"

	"penstock/engine"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// errForm refuses a POST that does not come from a page of ours.
var errForm = errors.New("this form was not sent from a page of this dashboard, or its page is too old")

const (
	maxForm   = 60 << 10 // bytes
	maxFields = 64
)

// form is what was typed.
type form struct {
	url.Values
	file upload
}

// text is a value without white space around it.
func (f form) text(name string) string { return strings.TrimSpace(f.Get(name)) }

// parseForm reads a body as browsers send it. Each field stands once.
func parseForm(c *wire.Call) (form, error) {
	media, _, _ := strings.Cut(c.Header("Content-Type"), ";")
	if strings.EqualFold(strings.TrimSpace(media), "multipart/form-data") {
		return parseUpload(c)
	}
	if !strings.EqualFold(strings.TrimSpace(media), "application/x-www-form-urlencoded") {
		return form{}, wire.ErrMediaType
	}
	if len(c.Body) > maxForm {
		return form{}, wire.ErrTooLarge
	}
	values, err := url.ParseQuery(string(c.Body))
	if err != nil || len(values) > maxFields {
		return form{}, errForm
	}
	for _, v := range values {
		if len(v) != 1 {
			return form{}, errForm
		}
	}
	return form{Values: values}, nil
}

// foreign says that a browser sent the request from a page that is not ours.
// What a browser doesn't say, the token has to.
func foreign(c *wire.Call) bool {
	if site := c.Header("Sec-Fetch-Site"); site != "" {
		return site != "same-origin"
	}
	origin := c.Header("Origin")
	if origin == "" || origin == "null" { // our own pages send "null", because they give no referrer
		return false
	}
	u, err := url.Parse(origin)
	return err != nil || u.Host != c.Header("Host")
}

// guard is the token of the forms that belong to a secret of the browser's.
// It is made from it and shows nothing of it.
func guard(secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("penstock dashboard form"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// mark puts a problem at the field that it is about.
func mark(fields []ui.Field, name, problem string) []ui.Field {
	for i := range fields {
		if fields[i].Name == name && problem != "" {
			for j := range fields {
				fields[j].Focus = false
			}
			fields[i].Error, fields[i].Focus = problem, true
		}
	}
	return fields
}

// wrongField says which field an engine's refusal is about, and why.
func wrongField(err error) (field, problem string, ok bool) {
	var refused *engine.Error
	if !errors.As(err, &refused) || refused.Field == "" || refused.Code != engine.CodeInvalid && refused.Code != engine.CodeRealCard && refused.Code != engine.CodeMissing {
		return "", "", false
	}
	if refused.Code == engine.CodeRealCard {
		return refused.Field, sentence("it "+refused.Message) + " " + sentence(refused.Hint), true
	}
	return refused.Field, sentence(refused.Message), true
}

// readForm reads the form of somebody who is logged in, if it is theirs.
func (v *visit) readForm() error {
	f, err := guarded(v.Call, v.token)
	v.form = f
	return err
}

// guarded reads a form that must bear the token of a secret.
func guarded(c *wire.Call, secret string) (form, error) {
	if foreign(c) {
		return form{}, errForm
	}
	f, err := parseForm(c)
	if err != nil {
		return form{}, err
	}
	if secret == "" || subtle.ConstantTimeCompare([]byte(f.Get("csrf")), []byte(guard(secret))) != 1 {
		return form{}, errForm
	}
	return f, nil
}
