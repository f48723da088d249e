package offsite

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// bucket is a place that speaks S3. The bucket stands in the path, which every
// service of the kind takes.
type bucket struct {
	endpoint           *url.URL
	name, prefix       string // the prefix ends in a slash, or is empty
	region, id, secret string
	spool              string
	now                func() time.Time
	client             *http.Client
}

// maxObject is what one request may put.
const maxObject = 5 << 30

func newS3(u *url.URL, o Options) (Place, error) {
	end, err := url.Parse(o.Endpoint)
	switch {
	case u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("offsite: an S3 target is s3://BUCKET[/PREFIX]")
	case err != nil || end.Scheme != "https" && end.Scheme != "http" || end.Host == "" || end.User != nil || end.RawQuery != "":
		return nil, errors.New("offsite: the S3 endpoint must be an https address, such as https://s3.eu-central-1.amazonaws.com")
	case o.AccessKey == "" || o.SecretKey == "":
		return nil, errors.New("offsite: S3 needs an access key and a secret key")
	case o.Spool == "" || o.Now == nil:
		return nil, errors.New("offsite: S3 needs Spool and Now")
	}
	b := &bucket{endpoint: end, name: u.Host, prefix: strings.Trim(u.Path, "/"), region: pick(o.Region, "us-east-1"), id: o.AccessKey, secret: o.SecretKey, spool: o.Spool, now: o.Now}
	if b.prefix != "" {
		b.prefix += "/"
	}
	b.client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return b, nil
}

func (b *bucket) String() string { return "s3://" + b.name + "/" + b.prefix + " at " + b.endpoint.Host }

// Put gathers the copy in the spool, because a request is signed with the
// hash of its body, and then sends it whole.
func (b *bucket) Put(ctx context.Context, name string, fill func(io.Writer) error) (n int64, err error) {
	if err := checkName(name); err != nil {
		return 0, err
	}
	f, err := os.CreateTemp(b.spool, "offsite-*"+partSuffix)
	if err != nil {
		return 0, fmt.Errorf("offsite: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	sum := sha256.New()
	sent := &counted{w: io.MultiWriter(f, sum)}
	if err := fill(sent); err != nil {
		return 0, err
	}
	if sent.n > maxObject {
		return 0, errors.New("offsite: the copy has more than 5 GiB, which S3 takes in no single request; use a directory or SFTP")
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return 0, fmt.Errorf("offsite: %w", err)
	}
	resp, err := b.do(ctx, http.MethodPut, name, nil, f, sent.n, hex.EncodeToString(sum.Sum(nil)))
	if err != nil {
		return 0, err
	}
	return sent.n, resp.Body.Close()
}

func (b *bucket) Get(ctx context.Context, name string, w io.Writer) error {
	if err := checkName(name); err != nil {
		return err
	}
	resp, err := b.do(ctx, http.MethodGet, name, nil, nil, 0, emptyHash)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	n, err := io.Copy(w, resp.Body)
	if err == nil && resp.ContentLength >= 0 && n != resp.ContentLength {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return fmt.Errorf("offsite: read %s: %w", name, err)
	}
	return nil
}

func (b *bucket) Remove(ctx context.Context, name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	resp, err := b.do(ctx, http.MethodDelete, name, nil, nil, 0, emptyHash)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// page is one page of a list.
type page struct {
	More bool   `xml:"IsTruncated"`
	Next string `xml:"NextContinuationToken"`
	Keys []struct {
		Key string `xml:"Key"`
	} `xml:"Contents"`
}

func (b *bucket) List(ctx context.Context) (out []string, err error) {
	query := url.Values{"list-type": {"2"}, "prefix": {b.prefix}}
	for range MaxCopies / 1000 {
		resp, err := b.do(ctx, http.MethodGet, "", query, nil, 0, emptyHash)
		if err != nil {
			return nil, err
		}
		var p page
		err = xml.NewDecoder(io.LimitReader(resp.Body, 8<<20)).Decode(&p)
		if err := errors.Join(err, resp.Body.Close()); err != nil {
			return nil, fmt.Errorf("offsite: the list can't be read: %w", err)
		}
		for _, k := range p.Keys {
			if name := strings.TrimPrefix(k.Key, b.prefix); name != "" && !strings.Contains(name, "/") {
				out = append(out, name)
			}
		}
		if !p.More {
			slices.Sort(out)
			return out, nil
		}
		query.Set("continuation-token", p.Next)
	}
	return nil, ErrTooMany
}

// do sends one signed request; an answer that is not good is an error in the
// service's own short words.
func (b *bucket) do(ctx context.Context, method, name string, query url.Values, body io.Reader, length int64, hash string) (*http.Response, error) {
	u := *b.endpoint
	u.Path = strings.TrimRight(u.Path, "/") + "/" + b.name
	if name != "" {
		u.Path += "/" + b.prefix + name
	}
	u.RawQuery = strings.ReplaceAll(query.Encode(), "+", "%20")
	req, err := http.NewRequestWithContext(ctx, method, u.String(), http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("offsite: %w", err)
	}
	if length > 0 { // else it would be sent in chunks, which are signed otherwise
		req.Body, req.ContentLength = io.NopCloser(body), length
	}
	b.sign(req, hash)
	resp, err := b.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("offsite: %s can't be reached: %w", b.endpoint.Host, errors.Unwrap(err))
	}
	if resp.StatusCode/100 == 2 || method == http.MethodDelete && resp.StatusCode == http.StatusNotFound {
		return resp, nil
	}
	defer resp.Body.Close()
	var fault struct {
		Code string `xml:"Code"`
	}
	_ = xml.NewDecoder(io.LimitReader(resp.Body, 64<<10)).Decode(&fault) // some answer nothing that can be read
	return nil, fmt.Errorf("offsite: %s refused to %s %s: %s %s", b.endpoint.Host, method, pick(name, "the list"), resp.Status, clean(fault.Code))
}

// clean is a code as it may be shown.
func clean(code string) string {
	if len(code) > 64 || strings.Trim(code, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
		return ""
	}
	return code
}

// emptyHash is that of no body.
const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// sign puts a signature of version 4 on a request whose body has the hash:
// over method, path, query, and the headers host and x-amz-*.
func (b *bucket) sign(req *http.Request, hash string) {
	at := b.now().UTC()
	stamp, day := at.Format("20060102T150405Z"), at.Format("20060102")
	req.Header.Set("X-Amz-Date", stamp)
	req.Header.Set("X-Amz-Content-Sha256", hash)
	const names = "host;x-amz-content-sha256;x-amz-date"
	headers := "host:" + req.URL.Host + "\nx-amz-content-sha256:" + hash + "\nx-amz-date:" + stamp + "\n"
	canonical := strings.Join([]string{req.Method, req.URL.EscapedPath(), req.URL.RawQuery, headers, names, hash}, "\n")
	scope := day + "/" + b.region + "/s3/aws4_request"
	whole := sha256.Sum256([]byte(canonical))
	text := "AWS4-HMAC-SHA256\n" + stamp + "\n" + scope + "\n" + hex.EncodeToString(whole[:])
	key := []byte("AWS4" + b.secret)
	for _, part := range []string{day, b.region, "s3", "aws4_request"} {
		key = mac(key, part)
	}
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+b.id+"/"+scope+", SignedHeaders="+names+", Signature="+hex.EncodeToString(mac(key, text)))
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
