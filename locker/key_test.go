package locker

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"penstock/store/mem"
)

// TestNothingPrintsAKey prints every exported type, and structs that hold one
// where fmt cannot call its methods, in every way that a log or an error may.
func TestNothingPrintsAKey(t *testing.T) {
	const phrase = "correct horse battery staple"
	m, err := NewPassphrase([]byte(phrase))
	if err != nil {
		t.Fatal(err)
	}
	keys := mem.New(mem.Options{})
	l := openLocker(t, keys, m)
	sealed := mustSeal(t, l, alice, card, "4111111111111111")
	k, err := l.openingKey(ctx, alice)
	if err != nil {
		t.Fatal(err)
	}
	moved := Place{Bucket: "methods", Token: "pm_2"}
	_, tampered := l.Open(ctx, alice, moved, sealed)
	_, unparsed := ParseMaster([]byte("4111111111111111"))
	config := Config{Keys: keys, Master: m}
	type holder struct {
		master MasterKey
		locker *Locker
		config *Config
	}
	values := map[string]any{
		"MasterKey": m, "*MasterKey": &m, "Locker": l, "Status": l.Status(), "Config.Master": config.Master,
		"holder": holder{m, l, &config}, "*holder": &holder{m, l, &config}, "key": k.key, "*key": &k.key,
		"slice": []MasterKey{m}, "map": map[string]MasterKey{"a": m},
		"error": tampered, "parse error": unparsed, "Owner": alice, "Place": card,
	}
	secrets := map[string][]byte{
		"master": (*m.m.key)[:], "data key": k.key[:], "root": l.ring.root[:], "plaintext": []byte("4111111111111111"), "phrase": []byte(phrase),
	}
	for n, term := range l.ring.terms {
		secrets[fmt.Sprint("term ", n)] = term[:]
	}
	for name, v := range values {
		for form, text := range printed(t, v) {
			for what, secret := range secrets {
				if shows(text, secret) {
					t.Errorf("%s by %s shows the %s: %s", name, form, what, text)
				}
			}
		}
	}
	if got, want := fmt.Sprintf("%v %+v %#v %s %q %x %d", m, m, m, m, m, m, m), "locker.MasterKey[redacted]"; strings.Count(got, want) != 7 {
		t.Errorf("a MasterKey prints %q", got)
	}
}

func printed(t *testing.T, v any) map[string]string {
	t.Helper()
	forms := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%b"} {
		forms[verb] = fmt.Sprintf(verb, v)
	}
	j, err := json.Marshal(v)
	if err != nil {
		t.Errorf("marshal %T: %v", v, err)
	}
	forms["json"] = string(j)
	var text, js bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("x", "v", v)
	slog.New(slog.NewJSONHandler(&js, nil)).Info("x", "v", v)
	forms["slog text"], forms["slog json"] = text.String(), js.String()
	return forms
}

// shows reports whether text has the first eight bytes of secret in any of the
// forms that Go prints bytes in.
func shows(text string, secret []byte) bool {
	b := secret[:8]
	forms := []string{
		string(b), hex.EncodeToString(b), strings.ToUpper(hex.EncodeToString(b)),
		base64.StdEncoding.EncodeToString(b)[:10],
		strings.Trim(fmt.Sprint(b), "[]"),
		strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", b), "[]byte{"), "}"),
		strings.Trim(fmt.Sprintf("%o", b), "[]"), strings.Trim(fmt.Sprintf("%b", b), "[]"),
	}
	for _, f := range forms {
		if strings.Contains(text, f) {
			return true
		}
	}
	return false
}

func TestShowsFindsAKey(t *testing.T) {
	k := newKey()
	type naked struct{ k [keySize]byte }
	for form, text := range printed(t, naked{k}) {
		if strings.HasPrefix(form, "%") && form != "%s" && form != "%q" && !shows(text, k[:]) {
			t.Errorf("the key in %s of a naked struct was not found: %s", form, text)
		}
	}
}

func TestWipedMasterOpensNothing(t *testing.T) {
	keys := mem.New(mem.Options{})
	l, master := newLocker(t, keys)
	before := master.ID()
	sealed := mustSeal(t, l, alice, card, "x")
	master.Wipe()
	if master.ID() == before {
		t.Error("a wiped master key is still the same key")
	}
	if err := l.Rotate(ctx); err != nil {
		t.Errorf("a locker lost its own copy of the master key: %v", err)
	}
	wantOpen(t, l, alice, card, sealed, "x")
	_, err := Open(ctx, Config{Keys: keys, Master: master})
	wantErr(t, "open with a wiped key", err, ErrWrongMaster)
	if got := (MasterKey{}).ID(); got != "none" {
		t.Errorf("ID of the zero MasterKey = %q", got)
	}
}
