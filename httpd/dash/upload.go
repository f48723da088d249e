package dash

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"path"
	"strings"

	"penstock/engine"
	"penstock/httpd/wire"
)

const (
	// maxUpload is what is read of a file that somebody hands over in a browser;
	// the command line takes more.
	maxUpload = 16 << 20
	loadPath  = "/reconcile/{account}/load"
)

// upload is the file of a form; one without a name is none.
type upload struct {
	name string // without the directories that some browsers send
	text []byte
}

// Long lets a file pass that is longer than other forms, from somebody who is
// logged in and may load one. It is for the server, which asks before it reads
// the body.
func (d *Dash) Long(method, path string, cookies []string) int {
	rest, below := strings.CutPrefix(path, Root+"/")
	if method != "POST" || !below || !strings.HasSuffix(rest, "/load") || !strings.Contains(rest, "/reconcile/") {
		return 0
	}
	for _, line := range cookies {
		for part := range strings.SplitSeq(line, ";") {
			name, token, _ := strings.Cut(strings.TrimSpace(part), "=")
			if name != cookieSession && name != "__Host-"+cookieSession {
				continue
			}
			if _, who, err := d.Engine.Glimpse(context.Background(), token); err == nil && who.May(engine.PermitState) {
				return maxUpload + maxForm
			}
		}
	}
	return 0
}

// parseUpload reads a form that has a file. Each field stands once, and there is
// one file.
func parseUpload(c *wire.Call) (form, error) {
	if !strings.HasSuffix(c.Pattern, loadPath) {
		return form{}, wire.ErrMediaType
	}
	if len(c.Body) > maxUpload+maxForm {
		return form{}, wire.ErrTooLarge
	}
	_, params, err := mime.ParseMediaType(c.Header("Content-Type"))
	if err != nil || params["boundary"] == "" {
		return form{}, errForm
	}
	f := form{Values: url.Values{}}
	parts := multipart.NewReader(bytes.NewReader(c.Body), params["boundary"])
	for range maxFields {
		p, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return f, nil
		}
		if err != nil {
			return form{}, errForm
		}
		if err := f.part(p); err != nil {
			return form{}, err
		}
	}
	return form{}, errForm
}

func (f *form) part(p *multipart.Part) error {
	name := p.FormName()
	_, isFile := mediaParam(p.Header.Get("Content-Disposition"), "filename")
	most := int64(maxForm)
	if isFile {
		most = maxUpload
	}
	text, err := io.ReadAll(io.LimitReader(p, most+1))
	switch {
	case err != nil || name == "" || f.Has(name) || isFile && f.file.name != "":
		return errForm
	case int64(len(text)) > most:
		return wire.ErrTooLarge
	case !isFile:
		f.Set(name, string(text))
	case p.FileName() != "":
		f.file = upload{name: path.Base(strings.ReplaceAll(p.FileName(), "\\", "/")), text: text}
	}
	return nil
}

func mediaParam(header, name string) (string, bool) {
	_, params, err := mime.ParseMediaType(header)
	value, some := params[name]
	return value, err == nil && some
}
