package service

import (
	"strings"
	"testing"
	"time"
)

func TestCardNumbersLoseBlanksAndDashes(t *testing.T) {
	for sent, want := range map[string]string{
		"4242424242424242": "4242424242424242", "4242 4242 4242 4242": "4242424242424242", " 4242-4242-4242-4242 ": "4242424242424242",
		"4242\u00a04242\u200b42424242": "4242424242424242", "3782 822463 10005": "378282246310005", "5123817234060000": "5123817234060000",
		"6799990100000000019": "6799990100000000019", "12345674": "12345674",
	} {
		if got, err := ParseCardNumber(sent); err != nil || got != want {
			t.Errorf("ParseCardNumber(%q): got %q, %v, want %q", sent, got, err, want)
		}
	}
}

func TestWrongCardNumbersNameTheRuleAndNotTheNumber(t *testing.T) {
	for sent, rule := range map[string]string{
		"": "must be digits", "4242x": "must be digits", "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢": "must be digits", "４２４２４２４２４２４２４２４２": "must be digits",
		"+4242424242424242": "must be digits", "1234566": "8 to 19", "42424242424242424242": "8 to 19",
		"4242424242424241": "check digit", "4224424242424242": "check digit", "0000000000000000": "check digit",
	} {
		got, err := ParseCardNumber(sent)
		if err == nil || !strings.Contains(err.Error(), rule) || got != "" || strings.Contains(err.Error(), "4242") {
			t.Errorf("ParseCardNumber(%q): got %q, %v, want an error about %q", sent, got, err, rule)
		}
	}
}

// A single wrong digit is always found, which is what Luhn promises.
func TestLuhnFindsEveryWrongDigit(t *testing.T) {
	number := []byte("6799990100000000019")
	for i, was := range number {
		for d := byte('0'); d <= '9'; d++ {
			number[i] = d
			if got, want := Luhn(string(number)), d == was; got != want {
				t.Errorf("Luhn(%s): got %v, want %v", number, got, want)
			}
		}
		number[i] = was
	}
}

func TestBrandOfPublishedTestNumbers(t *testing.T) {
	for number, want := range map[string]string{
		"4111111111111111": Visa, "4000056655665556": Visa, "5555555555554444": Mastercard, "2223003122003222": Mastercard,
		"2720990000000007": Mastercard, "2721000000000004": "", "2200000000000004": Mir,
		"378282246310005": AmericanExpress, "341111111111111": AmericanExpress, "6011111111111117": Discover, "6445644564456445": Discover,
		"3056930009020004": DinersClub, "36227206271667": DinersClub, "38520000023237": DinersClub, "3530111333300000": JCB, "3566002020360505": JCB,
		"6200000000000005": UnionPay, "6221260000000000": UnionPay, "8171999927660000": UnionPay, "6759649826438453": Maestro, "5018000000000009": Maestro,
		"5085000000000003": RuPay, "6521500000000000": RuPay, "6069850000000000": RuPay, "6500000000000002": Discover, "9999999999999999": "", "4": "", "": "", "424242x2": "",
	} {
		if got := Brand(number); got != want {
			t.Errorf("Brand(%s): got %q, want %q", number, got, want)
		}
	}
}

func TestNarrowBrandRangesStandFirst(t *testing.T) {
	for i, r := range brands {
		if r.from > r.to {
			t.Errorf("%s: %d > %d", r.brand, r.from, r.to)
		}
		for _, earlier := range brands[:i] {
			if earlier.from <= r.from && earlier.to >= r.to {
				t.Errorf("%s %d-%d is never reached: %s %d-%d stands before it", r.brand, r.from, r.to, earlier.brand, earlier.from, earlier.to)
			}
		}
	}
}

func TestExpiryTakesBothForms(t *testing.T) {
	for _, row := range []struct {
		month, year string
		want        Expiry
	}{{"3", "30", Expiry{time.March, 2030}}, {"03", "2030", Expiry{time.March, 2030}}, {" 12 ", "99", Expiry{time.December, 2099}}, {"1", "00", Expiry{time.January, 2000}}} {
		if got, err := ParseExpiry(row.month, row.year); err != nil || got != row.want {
			t.Errorf("ParseExpiry(%q, %q): got %v, %v, want %v", row.month, row.year, got, err, row.want)
		}
	}
	for _, row := range [][2]string{{"0", "30"}, {"13", "30"}, {"", "30"}, {"-1", "30"}, {"1e", "30"}, {"003", "30"}, {"３", "30"}, {"3", ""}, {"3", "3"}, {"3", "203"}, {"3", "1999"}, {"3", "2130"}, {"3", "20300"}, {"3", "+30"}} {
		if got, err := ParseExpiry(row[0], row[1]); err == nil {
			t.Errorf("ParseExpiry(%q, %q): got %v, want an error", row[0], row[1], got)
		}
	}
}

func TestCardExpiresWhenItsMonthIsOverEverywhere(t *testing.T) {
	e := Expiry{time.December, 2030}
	end := time.Date(2031, time.January, 1, 12, 0, 0, 0, time.UTC)
	for now, want := range map[time.Time]bool{
		time.Date(2030, time.December, 1, 0, 0, 0, 0, time.UTC): false, time.Date(2031, time.January, 1, 0, 0, 0, 0, time.UTC): false,
		end.Add(-1): false, end: true, end.In(time.FixedZone("", -12*3600)): true, end.AddDate(5, 0, 0): true,
	} {
		if got := e.Expired(now); got != want {
			t.Errorf("12/2030 expired at %s: got %v, want %v", now, got, want)
		}
	}
	if (Expiry{}).Expired(end) {
		t.Error("no expiry has expired")
	}
}

func TestTextHoldsNoCardNumber(t *testing.T) {
	for value, want := range map[string]bool{
		"Jane Doe": false, "": false, "4242424242424242": true, "Jane 4242 4242-4242 4242": true, "4242424242424242 12/30": true, "4242424242424242 1230 123": true,
		"x4242424242424242y": true, "Flat 12, 3rd floor 45": false, "1000000000001": false, "424242": false, "NL91 1000 0000 00": false,
	} {
		if got := holdsCardNumber(value); got != want {
			t.Errorf("holdsCardNumber(%q): got %v, want %v", value, got, want)
		}
	}
}

func FuzzCardNumber(f *testing.F) {
	for _, seed := range []string{"4242 4242 4242 4242", "378282246310005", "0", "4242-4242", "٤٢", "\xff", "42424242424242421"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sent string) {
		number, err := ParseCardNumber(sent)
		if err != nil {
			return
		}
		if again, err := ParseCardNumber(number); err != nil || again != number {
			t.Fatalf("%q is not stable: %q, %v", number, again, err)
		}
		shown := Mask("card", map[string]string{"card_number": number})
		if len(shown["last4"]) != 4 || len(shown["card_isin"])+4 > len(number)-4 {
			t.Fatalf("mask of %d digits shows too much: %v", len(number), shown)
		}
		for key, value := range shown {
			if strings.Contains(value, number) {
				t.Fatalf("%s shows the whole number", key)
			}
		}
		if masked := MaskCard(number); strings.Count(masked, "*") < 4 || len(masked) != len(number) {
			t.Fatalf("MaskCard of %d digits: %s", len(number), masked)
		}
	})
}
