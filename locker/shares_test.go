package locker

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"penstock/store/mem"
)

// TestFieldIsThatOfFIPS197 has the products that FIPS 197, section 4.2, works
// out, and the laws of a field over all of its elements.
func TestFieldIsThatOfFIPS197(t *testing.T) {
	for _, row := range []struct{ a, b, want byte }{
		{0x57, 0x83, 0xc1}, {0x57, 0x13, 0xfe}, {0x57, 0x02, 0xae}, {0x57, 0x04, 0x47}, {0x57, 0x08, 0x8e}, {0x57, 0x10, 0x07}, {0, 0x57, 0},
	} {
		if got := gfMul(row.a, row.b); got != row.want {
			t.Errorf("%#x * %#x = %#x, want %#x", row.a, row.b, got, row.want)
		}
	}
	for a := range 256 {
		if got, want := gfMul(byte(a), gfInverse(byte(a))), byte(min(a, 1)); got != want {
			t.Errorf("%#x times its inverse is %#x, want %#x", a, got, want)
		}
		for b := range 256 {
			if gfMul(byte(a), byte(b)) != gfMul(byte(b), byte(a)) {
				t.Errorf("%#x * %#x depends on the order", a, b)
			}
		}
	}
}

// TestPublishedVector is the one of draft-mcgrew-tss-03, section 9: the same
// field, the shares at 1 and 2, the secret at 0.
func TestPublishedVector(t *testing.T) {
	weights := gfWeights([]byte{1, 2})
	one, two := []byte{0xb9, 0xfa, 0x07, 0xe1, 0x85}, []byte{0xf5, 0x40, 0x9b, 0x45, 0x11}
	got := make([]byte, len(one))
	for i := range got {
		got[i] = gfMul(weights[0], one[i]) ^ gfMul(weights[1], two[i])
	}
	if want := "7465737400"; hex.EncodeToString(got) != want {
		t.Errorf("combined to %x, want %s", got, want)
	}
}

func mustSplit(t *testing.T, m MasterKey, threshold, n int) []Share {
	t.Helper()
	shares, err := m.Split(threshold, n)
	if err != nil {
		t.Fatal(err)
	}
	return shares
}

// chosen is those of shares whose bit is set.
func chosen(shares []Share, bits int) (out []Share) {
	for i, s := range shares {
		if bits>>i&1 == 1 {
			out = append(out, s)
		}
	}
	return out
}

// TestEachSubsetOpensFromTheThresholdOn tries every subset of every scheme up
// to six custodians, through the text that a custodian keeps.
func TestEachSubsetOpensFromTheThresholdOn(t *testing.T) {
	for n := 2; n <= 6; n++ {
		for k := 2; k <= n; k++ {
			m := NewMaster()
			shares := mustSplit(t, m, k, n)
			for i, s := range shares {
				again, err := ParseShare(s.Text())
				if err != nil || again.Index() != i+1 || again.Threshold() != k || again.Set() != shares[0].Set() {
					t.Fatalf("share %d of %d of %d reads as %v, %v", i+1, k, n, again, err)
				}
				shares[i] = again
			}
			for bits := range 1 << n {
				some := chosen(shares, bits)
				got, err := Combine(some)
				if len(some) < k {
					wantErr(t, fmt.Sprintf("%d shares of %d of %d", len(some), k, n), err, ErrFewShares)
				} else if err != nil || !got.Equal(m) {
					t.Errorf("shares %v of %d of %d don't give the key: %v", some, k, n, err)
				}
			}
		}
	}
}

func TestTheLargestSchemeOpens(t *testing.T) {
	m := NewMaster()
	shares := mustSplit(t, m, MaxShares, MaxShares)
	if got, err := Combine(shares); err != nil || !got.Equal(m) {
		t.Errorf("255 of 255: %v", err)
	}
	_, err := Combine(shares[1:])
	wantErr(t, "254 of 255", err, ErrFewShares)
}

// TestTooFewSharesTellNothing: one share short, every value of every byte of
// the key is still possible, each under exactly one value of the missing
// share.
func TestTooFewSharesTellNothing(t *testing.T) {
	m := NewMaster()
	shares := mustSplit(t, m, 3, 3)
	weights := gfWeights([]byte{1, 2, 3})
	for j := range keySize {
		known := gfMul(weights[0], shares[0].s.part[j]) ^ gfMul(weights[1], shares[1].s.part[j])
		seen := map[byte]bool{}
		for missing := range 256 {
			seen[known^gfMul(weights[2], byte(missing))] = true
		}
		if len(seen) != 256 {
			t.Errorf("byte %d of the key has %d possible values with a share missing, want 256", j, len(seen))
		}
	}
}

// TestSharesLookRandom: the same key split twice has nothing in common, and a
// share is not the key.
func TestSharesLookRandom(t *testing.T) {
	m := NewMaster()
	a, b := mustSplit(t, m, 2, 3), mustSplit(t, m, 2, 3)
	if a[0].Set() == b[0].Set() {
		t.Error("two splits have one name")
	}
	for i := range a {
		if *a[i].s.part == *b[i].s.part || bytes.Equal(a[i].s.part[:], m.m.key[:]) {
			t.Errorf("share %d is the key, or the same in two splits", i+1)
		}
	}
}

func TestSchemesThatCannotBeAreRefused(t *testing.T) {
	for _, row := range [][2]int{{1, 3}, {0, 3}, {-1, 3}, {4, 3}, {2, 1}, {2, 256}, {256, 256}, {0, 0}} {
		_, err := NewMaster().Split(row[0], row[1])
		wantErr(t, fmt.Sprint(row), err, ErrShare)
	}
	_, err := MasterKey{}.Split(2, 3)
	wantErr(t, "split no key", err, ErrWrongMaster)
}

// TestWrongSharesAreNamed: mixed, repeated, forged.
func TestWrongSharesAreNamed(t *testing.T) {
	m := NewMaster()
	a, b := mustSplit(t, m, 2, 3), mustSplit(t, m, 2, 3)
	forged := *a[1].s
	forged.part = new(key)
	other := *a[1].s
	other.threshold = 3
	for _, row := range []struct {
		name   string
		shares []Share
		want   error
		names  string
	}{
		{"of two sets", []Share{a[0], b[1]}, ErrShareSet, "share 2 is of set " + b[0].Set()},
		{"the same twice", []Share{a[2], a[2]}, ErrShareTwice, "share 3"},
		{"two of one place", []Share{a[1], {&forged}}, ErrShareTwice, "share 2, and the two differ"},
		{"another threshold", []Share{a[0], {&other}}, ErrShareSet, "share 2"},
		{"none", []Share{a[0], {}}, ErrShare, "no share given"},
		{"nothing", nil, ErrFewShares, "0 given"},
	} {
		_, err := Combine(row.shares)
		if !errors.Is(err, row.want) || !strings.Contains(err.Error(), row.names) {
			t.Errorf("%s: got %v, want %v that says %q", row.name, err, row.want, row.names)
		}
	}
	if got, err := Combine([]Share{a[0], {&forged}}); err != nil || got.Equal(m) {
		t.Errorf("a forged share gave the key, or an error that nobody can know of: %v", err)
	}
}

// TestARefusedShareChangesNothing: the custodians after a wrong one need not
// begin again.
func TestARefusedShareChangesNothing(t *testing.T) {
	m := NewMaster()
	a, b := mustSplit(t, m, 3, 5), mustSplit(t, m, 3, 5)
	var q Quorum
	give := func(s Share, want error) {
		t.Helper()
		if err := q.Give(s); !errors.Is(err, want) {
			t.Errorf("give %v: %v, want %v", s, err, want)
		}
	}
	give(a[0], nil)
	give(b[1], ErrShareSet)
	give(a[0], ErrShareTwice)
	give(a[4], nil)
	if given, needed := q.Given(); given != 2 || needed != 3 {
		t.Errorf("%d of %d given, want 2 of 3", given, needed)
	}
	a[0].Wipe() // the quorum has its own copies
	give(a[2], nil)
	if got, err := q.Master(); err != nil || !got.Equal(m) {
		t.Errorf("three shares don't give the key: %v", err)
	}
	held := q.first.s.part
	q.Forget()
	if *held != (key{}) {
		t.Error("a forgotten share is still in memory")
	}
	if given, needed := q.Given(); given != 0 || needed != 0 {
		t.Errorf("%d of %d given after Forget", given, needed)
	}
	give(b[1], nil)
}

// TestTextForgivesHowPeopleType, and TestEverySlipIsSeen nothing else.
func TestTextForgivesHowPeopleType(t *testing.T) {
	s := mustSplit(t, NewMaster(), 2, 2)[1]
	text := s.Text()
	if n := len(text); n != len(sharePrefix)+72+17 {
		t.Errorf("the text has %d characters", n)
	}
	for _, typed := range []string{
		strings.ToUpper(text), strings.ReplaceAll(text, "-", ""), strings.ReplaceAll(text, "-", " "), "\n  " + text + "\r\n",
		sharePrefix + strings.NewReplacer("0", "O", "1", "l").Replace(strings.TrimPrefix(text, sharePrefix)),
		sharePrefix + strings.NewReplacer("1", "I").Replace(strings.TrimPrefix(text, sharePrefix)),
	} {
		if got, err := ParseShare(typed); err != nil || got.Text() != text {
			t.Errorf("%q: %v", typed, err)
		}
	}
}

func TestEverySlipIsSeen(t *testing.T) {
	text := mustSplit(t, NewMaster(), 2, 2)[0].Text()
	body := strings.ReplaceAll(strings.TrimPrefix(text, sharePrefix), "-", "")
	tried := map[string]string{"empty": "", "no prefix": body, "cut": text[:len(text)-1], "longer": text + "0", "huge": text + strings.Repeat("0", 1000), "foreign letter": strings.Replace(text, "-", "u", 1)[:len(text)]}
	for i := range body {
		for _, c := range []byte{'0', 'z'} {
			if body[i] != c {
				tried[fmt.Sprintf("letter %d", i)] = sharePrefix + body[:i] + string(c) + body[i+1:]
			}
		}
		if i > 0 && body[i] != body[i-1] {
			tried[fmt.Sprintf("letters %d and %d swapped", i-1, i)] = sharePrefix + body[:i-1] + string(body[i]) + string(body[i-1]) + body[i+1:]
		}
	}
	for name, bad := range tried {
		s, err := ParseShare(bad)
		wantErr(t, name, err, ErrShare)
		if s != (Share{}) {
			t.Errorf("%s: a share came with the error", name)
		}
		if err != nil && len(bad) > 20 && strings.Contains(err.Error(), bad[len(sharePrefix):len(sharePrefix)+8]) {
			t.Errorf("%s: the error repeats the share: %v", name, err)
		}
	}
}

// TestSharesOfAnotherVersionAreNotGuessedAt rebuilds a share with a good
// checksum over contents that this version doesn't know.
func TestSharesOfAnotherVersionAreNotGuessedAt(t *testing.T) {
	for name, change := range map[string]func([]byte){
		"version 2":   func(b []byte) { b[0] = 2 },
		"threshold 1": func(b []byte) { b[6] = 1 },
		"place 0":     func(b []byte) { b[7] = 0 },
	} {
		body := bytes.Repeat([]byte{7}, shareBody)
		body[0] = shareVersion
		change(body)
		_, err := ParseShare(sharePrefix + shareLetters.EncodeToString(append(body, shareChecksum(body)...)))
		wantErr(t, name, err, ErrShare)
	}
}

// TestSharesOpenTheKeyring: custodians open what the key sealed, those of a
// set from before a rotation don't, and a new set of the same key does without
// anything sealed anew.
func TestSharesOpenTheKeyring(t *testing.T) {
	keys := mem.New(mem.Options{})
	l, master := newLocker(t, keys)
	sealed := mustSeal(t, l, alice, card, "x")
	old := mustSplit(t, master, 2, 3)
	unseal := func(shares []Share) (*Locker, error) {
		m, err := Combine(shares)
		if err != nil {
			t.Fatal(err)
		}
		l, err := OpenSealed(Config{Keys: keys, Existing: true})
		if err != nil {
			t.Fatal(err)
		}
		return l, l.Unseal(ctx, m)
	}
	for _, shares := range [][]Share{old[:2], mustSplit(t, master, 3, 4)[1:]} {
		l, err := unseal(shares)
		if err != nil {
			t.Fatal(err)
		}
		wantOpen(t, l, alice, card, sealed, "x")
	}
	next := NewMaster()
	if err := l.RotateMaster(ctx, next); err != nil {
		t.Fatal(err)
	}
	l, err := unseal(old[:2])
	wantErr(t, "unseal by the custodians of the old key", err, ErrWrongMaster)
	if !l.Status().Sealed {
		t.Error("a wrong set left the locker open")
	}
	if _, err := unseal(mustSplit(t, next, 2, 2)); err != nil {
		t.Error(err)
	}
}

// TestNothingPrintsAShare is TestNothingPrintsAKey for shares.
func TestNothingPrintsAShare(t *testing.T) {
	s := mustSplit(t, NewMaster(), 2, 2)[0]
	var q Quorum
	if err := q.Give(s); err != nil {
		t.Fatal(err)
	}
	type holder struct {
		share  Share
		quorum *Quorum
		set    []Share
	}
	for name, v := range map[string]any{"Share": s, "*Share": &s, "holder": holder{s, &q, []Share{s}}, "*holder": &holder{s, &q, nil}, "Quorum": &q, "slice": []Share{s}, "map": map[int]Share{1: s}} {
		for form, text := range printed(t, v) {
			if shows(text, s.s.part[:]) || strings.Contains(text, s.Text()[:16]) {
				t.Errorf("%s by %s shows the share: %s", name, form, text)
			}
		}
	}
}

func FuzzParseShare(f *testing.F) {
	s, err := NewMaster().Split(2, 2)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(s[0].Text())
	f.Add("share_0000")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseShare(text)
		if (err == nil) == (s == Share{}) {
			t.Fatalf("%q: %v, %v", text, s, err)
		}
		if err != nil {
			return
		}
		if again, err := ParseShare(s.Text()); err != nil || again.Text() != s.Text() {
			t.Fatalf("%q does not read back: %v", text, err)
		}
	})
}
