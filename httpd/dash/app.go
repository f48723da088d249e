package dash

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/boombuler/barcode/qr"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"penstock/engine"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// An authenticator app shows codes by RFC 6238: SHA-1, six digits, a new one
// each 30 seconds, which is what every app takes. The code before and the one
// after are taken too, for clocks that differ.
const appPeriod = 30

// appStep says whether code is one of the app of that secret now, and of which
// step of time. It takes as long for a wrong one.
func appStep(secret []byte, code string, now time.Time) (step int64, right bool, err error) {
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
	for _, skew := range []int64{-1, 0, 1} {
		at := now.Unix()/appPeriod + skew
		want, err := hotp.GenerateCodeCustom(text, uint64(max(at, 0)), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err != nil {
			return 0, false, fmt.Errorf("make a code: %w", err)
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			step, right = at, true
		}
	}
	return step, right, nil
}

// setUpApp draws a new salt and shows the secret that follows from it. Nothing
// is kept before a code proves that the app has it.
func (d *Dash) setUpApp(ctx context.Context, v *visit) (wire.Reply, error) {
	salt := make([]byte, 16)
	if _, err := io.ReadFull(d.Random, salt); err != nil {
		return wire.Reply{}, fmt.Errorf("draw a salt: %w", err)
	}
	return d.appPage(ctx, v, 200, salt, "")
}

func (d *Dash) appPage(ctx context.Context, v *visit, status int, salt []byte, problem string) (wire.Reply, error) {
	secret, err := d.Engine.AppSecret(v.who.ID, salt)
	if err != nil {
		return wire.Reply{}, err
	}
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
	address := (&url.URL{Scheme: "otpauth", Host: "totp", Path: "/penstock:" + v.who.Email, RawQuery: url.Values{"secret": {text}, "issuer": {"penstock"}}.Encode()}).String()
	code, err := qr.Encode(address, qr.M, qr.Auto)
	if err != nil {
		return wire.Reply{}, fmt.Errorf("draw a code: %w", err)
	}
	side := code.Bounds().Dx()
	var path strings.Builder
	for y := range side {
		for x := range side {
			if r, _, _, _ := code.At(x, y).RGBA(); r == 0 {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", x+4, y+4)
			}
		}
	}
	fields := mark([]ui.Field{{Name: "salt", Type: "hidden", Value: base64.RawURLEncoding.EncodeToString(salt)},
		{Name: "code", Label: "Code that the app shows", Type: "text", Mode: "numeric", Auto: "one-time-code", Required: true, Max: 8, Focus: true}}, "code", problem)
	page := ui.Stack{List: []ui.Block{{Title: "Scan it with the app", Lead: "Or type the secret in. Then enter the code that the app shows.", QR: &ui.QR{Side: side + 8, Path: path.String()},
		Facts: []ui.Fact{{Name: "Secret", Text: spaced(text), Mono: true, Copy: true, Hint: "It is not shown again."}, {Name: "Account", Text: v.who.Email}}, Form: &ui.Form{Action: v.at("/me/app"), Fields: fields, Submit: "Switch it on", Cancel: v.at("/me")}}}}
	return d.show(ctx, v, status, "stack", ui.Head{Title: "Authenticator app", Crumbs: []ui.Link{{Text: "Your account", Href: v.at("/me")}}}, page)
}

// spaced puts a secret into groups of four, as people type it.
func spaced(text string) string {
	var out []string
	for len(text) > 4 {
		out, text = append(out, text[:4]), text[4:]
	}
	return strings.Join(append(out, text), " ")
}

func (d *Dash) keepApp(ctx context.Context, v *visit) (wire.Reply, error) {
	salt, err := base64.RawURLEncoding.DecodeString(v.form.text("salt"))
	if err != nil || len(salt) != 16 {
		return wire.Reply{}, errForm
	}
	secret, err := d.Engine.AppSecret(v.who.ID, salt)
	if err != nil {
		return wire.Reply{}, err
	}
	step, right, err := appStep(secret, strings.ReplaceAll(v.form.text("code"), " ", ""), d.Now())
	if err != nil {
		return wire.Reply{}, err
	}
	if !right {
		return d.appPage(ctx, v, 422, salt, "This is not the code that the app shows now. Look at the clock of its device too.")
	}
	return d.switchedOn(ctx, v, "operator.app_on", func(s *engine.Second) error {
		s.Salt, s.Since, s.Step = salt, d.Now(), step
		return nil
	})
}

// recoveryCodes is how many are given.
const recoveryCodes = 10

// switchedOn changes what somebody proves, and gives recovery codes with the
// first change.
func (d *Dash) switchedOn(ctx context.Context, v *visit, action string, change func(*engine.Second) error) (wire.Reply, error) {
	codes, hashes, err := d.drawCodes()
	if err != nil {
		return wire.Reply{}, err
	}
	given := false
	err = d.Engine.ChangeSecond(ctx, v.who.ID, v.token, action, func(s *engine.Second) error {
		given = !s.On()
		if given {
			s.Codes = hashes
		}
		return change(s)
	})
	if err != nil {
		return wire.Reply{}, err
	}
	if !given {
		return goTo(after(v.at("/me"), "second")), nil
	}
	page := ui.Stack{List: []ui.Block{{Lead: "Each lets you in once, in place of a code or a passkey. Keep them where nobody else finds them and where you do when the device is lost. They are not shown again.", Lines: codes,
		Actions: []ui.Action{{Text: "I have kept them", Main: true, Href: v.at("/me")}}}}}
	return d.show(ctx, v, 200, "stack", ui.Head{Title: "Keep these recovery codes", Crumbs: []ui.Link{{Text: "Your account", Href: v.at("/me")}}}, page, ui.Notice{Tone: ui.Good, Text: "Switched on. From now on the password alone lets nobody in as you; your other sessions have ended."})
}

// codeLetters are those of a recovery code: none that is taken for another.
const codeLetters = "0123456789abcdefghjkmnpqrstvwxyz"

func (d *Dash) drawCodes() (codes []string, hashes [][]byte, err error) {
	raw := make([]byte, 12*recoveryCodes)
	if _, err := io.ReadFull(d.Random, raw); err != nil {
		return nil, nil, fmt.Errorf("draw recovery codes: %w", err)
	}
	for i := range recoveryCodes {
		var b strings.Builder
		for _, c := range raw[12*i : 12*i+12] {
			b.WriteByte(codeLetters[c%32])
		}
		hash := sha256.Sum256([]byte(b.String()))
		hashes = append(hashes, hash[:])
		codes = append(codes, b.String()[:4]+"-"+b.String()[4:8]+"-"+b.String()[8:])
	}
	return codes, hashes, nil
}

// errWrongCode is what is said to whoever proves something that is not right.
var errWrongCode = errors.New("that is not right, or it was used before; after 5 wrong ones in a row you are locked for 15 minutes")

// readProof is what was typed to prove who somebody is: a code of the app, a
// recovery code, or where there is nothing more the password.
func (d *Dash) readProof(ctx context.Context, c *wire.Call, o *engine.Operator, f form) (p engine.Proof, err error) {
	p = engine.Proof{From: c.Client.String()}
	text := strings.ToLower(strings.NewReplacer(" ", "", "-", "").Replace(f.text("code")))
	switch {
	case f.Has("password") && !o.Second.On():
		password := f.Get("password")
		p.Password = true
		p.Right, err = d.matches(ctx, password[:min(len(password), maxPassword+1)], o.Password)
	case len(text) == 12:
		p.Code, p.Right = text, true // the engine has the hashes
	case len(o.Second.Salt) > 0:
		secret, secretErr := d.Engine.AppSecret(o.ID, o.Second.Salt)
		if secretErr != nil {
			return p, secretErr
		}
		p.Step, p.Right, err = appStep(secret, text, d.Now())
	}
	return p, err
}
