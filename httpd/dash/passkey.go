package dash

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"penstock/engine"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// keyholder is an operator as a ceremony sees them.
type keyholder struct{ *engine.Operator }

func (k keyholder) WebAuthnID() []byte          { return []byte(k.ID) }
func (k keyholder) WebAuthnName() string        { return k.Email }
func (k keyholder) WebAuthnDisplayName() string { return k.Name }
func (k keyholder) WebAuthnCredentials() (out []webauthn.Credential) {
	for _, p := range k.Second.Passkeys {
		var c webauthn.Credential
		if json.Unmarshal(p.Record, &c) == nil {
			out = append(out, c)
		}
	}
	return out
}

// party is this dashboard as a ceremony sees it: a passkey belongs to the host
// of the public address and works nowhere else.
func (d *Dash) party() (*webauthn.WebAuthn, error) {
	u, err := url.Parse(d.PublicURL)
	if err != nil || u.Hostname() == "" {
		return nil, &engine.Error{Code: engine.CodeNotBuilt, Message: "passkeys need server.public_url", Hint: "set it to the address at which people open the dashboard"}
	}
	w, err := webauthn.New(&webauthn.Config{RPID: u.Hostname(), RPDisplayName: "penstock", RPOrigins: []string{u.Scheme + "://" + u.Host}, AttestationPreference: protocol.PreferNoAttestation})
	if err != nil {
		return nil, &engine.Error{Code: engine.CodeNotBuilt, Message: "passkeys need an address with a name: browsers make none for a bare IP address", Hint: "set server.public_url"}
	}
	return w, nil
}

// begin keeps a ceremony's challenge with the session, and is what the browser
// has to be asked.
func (d *Dash) begin(ctx context.Context, token string, data *webauthn.SessionData, options any) (string, error) {
	kept, err := json.Marshal(data)
	if err != nil {
		return "", fmt.Errorf("encode a challenge: %w", err)
	}
	if err := d.Engine.SetChallenge(ctx, token, kept); err != nil {
		return "", err
	}
	asked, err := json.Marshal(options)
	if err != nil {
		return "", fmt.Errorf("encode what a browser is asked: %w", err)
	}
	return string(asked), nil
}

// challenge takes the ceremony that was begun: each ends once.
func (d *Dash) challenge(ctx context.Context, token string, s *engine.Session) (data webauthn.SessionData, err error) {
	if s.Challenge == nil || json.Unmarshal(s.Challenge, &data) != nil {
		return data, errForm
	}
	return data, d.Engine.SetChallenge(ctx, token, nil)
}

func (d *Dash) askPasskey(ctx context.Context, v *visit) (wire.Reply, error) {
	return d.passkeyPage(ctx, v, 200, "")
}

func (d *Dash) passkeyPage(ctx context.Context, v *visit, status int, problem string) (wire.Reply, error) {
	w, err := d.party()
	if err != nil {
		return wire.Reply{}, err
	}
	var known []protocol.CredentialDescriptor
	for _, c := range (keyholder{v.who}).WebAuthnCredentials() {
		known = append(known, c.Descriptor())
	}
	options, data, err := w.BeginRegistration(keyholder{v.who}, webauthn.WithExclusions(known),
		webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{ResidentKey: protocol.ResidentKeyRequirementPreferred, UserVerification: protocol.VerificationPreferred}))
	if err != nil {
		return wire.Reply{}, fmt.Errorf("begin a passkey: %w", err)
	}
	asked, err := d.begin(ctx, v.token, data, options)
	if err != nil {
		return wire.Reply{}, err
	}
	page := ui.Stack{List: []ui.Block{{Lead: "A key that stays on this device, or on a stick: the browser asks for a finger, a face or a PIN. It works for this address alone, so no false page can use it.",
		Passkey: &ui.Passkey{Action: v.at("/me/passkeys/new"), Kind: "create", Options: asked, Submit: "Make a passkey", Fields: []ui.Field{{Name: "name", Label: "Name", Type: "text", Required: true, Max: 40, Value: "This device"}}}}}}
	var notes []ui.Notice
	if problem != "" {
		notes = []ui.Notice{{Tone: ui.Bad, Text: problem}}
	}
	return d.show(ctx, v, status, "stack", ui.Head{Title: "New passkey", Crumbs: []ui.Link{{Text: "Your account", Href: v.at("/me")}}}, page, notes...)
}

func (d *Dash) keepPasskey(ctx context.Context, v *visit) (wire.Reply, error) {
	name := v.form.text("name")
	if r := []rune(name); len(r) == 0 || len(r) > 40 || !plainText(name) {
		return d.passkeyPage(ctx, v, 422, "A name has 1 to 40 characters.")
	}
	if len(v.who.Second.Passkeys) >= engine.MaxPasskeys {
		return d.passkeyPage(ctx, v, 422, "10 passkeys are kept at most; remove one first.")
	}
	w, err := d.party()
	if err != nil {
		return wire.Reply{}, err
	}
	data, err := d.challenge(ctx, v.token, v.session)
	if err != nil {
		return wire.Reply{}, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(v.form.Get("credential")))
	if err != nil {
		return d.passkeyPage(ctx, v, 422, "The browser made no passkey.")
	}
	made, err := w.CreateCredential(keyholder{v.who}, data, parsed)
	if err != nil {
		return d.passkeyPage(ctx, v, 422, "This passkey can't be taken: it was made for something else.")
	}
	record, err := json.Marshal(made)
	if err != nil {
		return wire.Reply{}, fmt.Errorf("encode a passkey: %w", err)
	}
	return d.switchedOn(ctx, v, "operator.passkey_add", func(s *engine.Second) error {
		if len(s.Passkeys) >= engine.MaxPasskeys {
			return &engine.Error{Code: engine.CodeState, Object: engine.ObjOperator, Message: "10 passkeys are kept at most"}
		}
		s.Passkeys = append(s.Passkeys, engine.Passkey{ID: made.ID, Name: name, Record: record, Created: d.Now()})
		return nil
	})
}

// passkeyForm asks the browser for a passkey of somebody who has one; nil where
// there is none.
func (d *Dash) passkeyForm(ctx context.Context, token string, o *engine.Operator, action string, fields ...ui.Field) (*ui.Passkey, error) {
	if len(o.Second.Passkeys) == 0 {
		return nil, nil
	}
	w, err := d.party()
	if err != nil {
		return nil, nil // the code, or a recovery code, is still there
	}
	options, data, err := w.BeginLogin(keyholder{o})
	if err != nil {
		return nil, fmt.Errorf("begin a passkey: %w", err)
	}
	asked, err := d.begin(ctx, token, data, options)
	if err != nil {
		return nil, err
	}
	return &ui.Passkey{Action: action, Kind: "get", Options: asked, Submit: "Use a passkey", Fields: fields}, nil
}

// passkeyProof is what the browser answered. A wrong answer is a proof that is
// not right.
func (d *Dash) passkeyProof(ctx context.Context, c *wire.Call, token string, s *engine.Session, o *engine.Operator, answer string) (p engine.Proof, err error) {
	p = engine.Proof{From: c.Client.String()}
	w, err := d.party()
	if err != nil {
		return p, err
	}
	data, err := d.challenge(ctx, token, s)
	if err != nil {
		return p, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return p, nil
	}
	used, err := w.ValidateLogin(keyholder{o}, data, parsed)
	if err != nil || used.Authenticator.CloneWarning {
		return p, nil
	}
	record, err := json.Marshal(used)
	if err != nil {
		return p, fmt.Errorf("encode a passkey: %w", err)
	}
	p.Right, p.Passkey = true, &engine.Passkey{ID: used.ID, Record: record}
	return p, nil
}

// dropSecond takes the app, or one passkey, away.
func (d *Dash) dropSecond(ctx context.Context, v *visit) (wire.Reply, error) {
	id, action := v.form.text("passkey"), "operator.passkey_remove"
	if id == "" {
		action = "operator.app_off"
	}
	err := d.Engine.ChangeSecond(ctx, v.who.ID, v.token, action, func(s *engine.Second) error {
		if id == "" {
			s.Salt, s.Step = nil, 0
			return nil
		}
		s.Passkeys = slices.DeleteFunc(s.Passkeys, func(p engine.Passkey) bool { return fmt.Sprintf("%x", p.ID) == id })
		return nil
	})
	if err != nil {
		return wire.Reply{}, err
	}
	return goTo(after(v.at("/me"), "second")), nil
}
