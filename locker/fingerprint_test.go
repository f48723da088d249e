package locker

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"penstock/store/mem"
)

func TestFingerprintJoinsWithinAMerchantAlone(t *testing.T) {
	l, _ := newLocker(t, mem.New(mem.Options{}))
	other, _ := newLocker(t, mem.New(mem.Options{}))
	form := regexp.MustCompile(`^[a-z2-7]{32}$`)
	seen := map[Fingerprint]string{}
	for _, l := range []*Locker{l, other} {
		for _, c := range [][3]string{
			{"acme", "live", "card:4111111111111111"}, {"acme", "test", "card:4111111111111111"},
			{"acm", "elive", "card:4111111111111111"}, {"bob", "live", "card:4111111111111111"},
			{"acme", "live", "card:4111111111111112"}, {"acme", "live", "card:411111111111111"},
		} {
			got, err := l.Fingerprint(ctx, c[0], c[1], c[2])
			if err != nil {
				t.Fatal(err)
			}
			again, err := l.Fingerprint(ctx, c[0], c[1], c[2])
			if err != nil || again != got {
				t.Errorf("fingerprint of %v = %v and then %v, %v", c, got, again, err)
			}
			if !form.MatchString(string(got)) {
				t.Errorf("fingerprint of %v = %q, want %v", c, got, form)
			}
			if same, ok := seen[got]; ok {
				t.Errorf("%v and %v have one fingerprint", c, same)
			}
			seen[got] = fmt.Sprint(c)
		}
	}
	for _, c := range [][3]string{{"", "live", "x"}, {"m", "", "x"}} {
		_, err := l.Fingerprint(ctx, c[0], c[1], c[2])
		wantErr(t, fmt.Sprint(c), err, ErrName)
	}
	for _, identity := range []string{"", strings.Repeat("x", MaxPlaintext+1)} {
		_, err := l.Fingerprint(ctx, "m", "live", identity)
		wantErr(t, fmt.Sprint(len(identity), " bytes"), err, ErrTooLarge)
	}
}

func TestMACTellsPartsAndLabelsApart(t *testing.T) {
	l, master := newLocker(t, mem.New(mem.Options{}))
	parts := func(s ...string) (p [][]byte) {
		for _, s := range s {
			p = append(p, []byte(s))
		}
		return p
	}
	seen := map[string]string{}
	for _, c := range []struct {
		label string
		parts [][]byte
	}{
		{"token", nil}, {"token", parts("")}, {"token", parts("", "")}, {"link", nil},
		{"token", parts("ab", "c")}, {"token", parts("a", "bc")}, {"token", parts("abc")}, {"link", parts("abc")},
		{"token", parts("abc", "")}, {"token", parts("", "abc")},
	} {
		name := fmt.Sprintf("%s %q", c.label, c.parts)
		got, err := l.MAC(c.label, c.parts...)
		if err != nil || len(got) != 32 {
			t.Fatalf("MAC of %s: %d bytes, %v", name, len(got), err)
		}
		if same, ok := seen[string(got)]; ok {
			t.Errorf("%s and %s have one MAC", name, same)
		}
		seen[string(got)] = name
	}
	before, err := l.MAC("token", []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Rotate(ctx); err != nil {
		t.Fatal(err)
	}
	if after, err := openLocker(t, l.keys, master).MAC("token", []byte("x")); err != nil || !bytes.Equal(before, after) {
		t.Errorf("a rotation changed a MAC, %v", err)
	}
	for i := range 2 * maxLabels { // more than are kept at hand
		first, err := l.MAC(fmt.Sprint("label ", i), []byte("x"))
		again, err2 := l.MAC(fmt.Sprint("label ", i), []byte("x"))
		k, err3 := l.derived(kindMAC, fmt.Sprint("label ", i))
		if want := prf(&k, framed(nil, parts("x"))); err != nil || err2 != nil || err3 != nil || !bytes.Equal(first, want[:]) || !bytes.Equal(again, want[:]) {
			t.Fatalf("label %d: %x and %x, want %x; %v, %v, %v", i, first, again, want, err, err2, err3)
		}
	}
	if len(l.ring.labels) > maxLabels {
		t.Errorf("%d keys are at hand", len(l.ring.labels))
	}
	if _, err := l.MAC(""); !errors.Is(err, ErrName) {
		t.Errorf("MAC without a label: %v", err)
	}
	_, err = l.MAC("x", make([]byte, MaxPlaintext), make([]byte, 1))
	wantErr(t, "MAC of too much", err, ErrTooLarge)
	l.Close()
	_, err = l.MAC("token", []byte("x"))
	wantErr(t, "MAC by a key that was at hand before", err, ErrSealed)
}
