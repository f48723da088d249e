package service

import (
	"fmt"
	"strings"
	"testing"
)

// The registry's own example of each country, in its order.
var examples = strings.Fields(`AD1200012030200359100100 AE070331234567890123456 AL47212110090000000235698741 AT611904300234573201
AZ21NABZ00000000137010001944 BA391290079401028494 BE68539007547034 BG80BNBG96611020345678 BH67BMAG00001299123456
BI4210000100010000332045181 BR1800360305000010009795493C1 BY13NBRB3600900000002Z00AB00 CH9300762011623852957
CR05015202001026284066 CY17002001280000001200527600 CZ6508000000192000145399 DE89370400440532013000 DJ2100010000000154000100186
DK5000400440116243 DO28BAGR00000001212453611324 EE382200221020145685 EG380019000500000000263180002 ES9121000418450200051332
FI2112345600000785 FK88SC123456789012 FO6264600001631634 FR1420041010050500013M02606 GB29NWBK60161331926819 GE29NB0000000101904917
GI75NWBK000000007099453 GL8964710001000206 GR1601101250000000012300695 GT82TRAJ01020000001210029690 HN88CABF00000000000250005469
HR1210010051863000160 HU42117730161111101800000000 IE29AIBK93115212345678 IL620108000000099999999 IQ98NBIQ850123456789012
IS140159260076545510730339 IT60X0542811101000000123456 JO94CBJO0010000000000131000302 KW81CBKU0000000000001234560101 KZ86125KZT5004100100
LB62099900000001001901229114 LC55HEMM000100010012001200023015 LI21088100002324013AA LT121000011101001000 LU280019400644750000
LV80BANK0000435195001 LY83002048000020100120361 MC5811222000010123456789030 MD24AG000225100013104168 ME25505000012345678951
MK07250120000058984 MN121234123456789123 MR1300020001010000123456753 MT84MALT011000012345MTLCAST001S MU17BOMM0101101030300200000MUR
NI45BAPR00000013000003558124 NL91ABNA0417164300 NO9386011117947 OM810180000001299123456 PK36SCBL0000001123456702 PL61109010140000071219812874
PS92PALS000000000400123456702 PT50000201231234567890154 QA58DOHB00001234567890ABCDEFG RO49AAAA1B31007593840000 RS35260005601001611379
RU0304452522540817810538091310419 SA0380000000608010167519 SC18SSCB11010000000000001497USD SD2129010501234001 SE4550000000058398257466
SI56263300012039086 SK3112000000198742637541 SM86U0322509800000000270100 SO211000001001000100141 ST23000100010051845310146
SV62CENR00000000000000700025 TL380080012345678910157 TN5910006035183598478831 TR330006100519786457841326 UA213223130000026007233566001
VA59001123000012345678 VG96VPVG0000012345678901 XK051212012345678906 YE15CBYE0001018861234567891234`)

func TestRegistryExamplesPass(t *testing.T) {
	if len(examples) != len(registry) {
		t.Fatalf("got %d examples for %d countries", len(examples), len(registry))
	}
	for i, example := range examples {
		if registry[i].code != example[:2] {
			t.Errorf("row %d: got %s, want %s", i, registry[i].code, example[:2])
		}
		if got, err := ParseIBAN(example); err != nil || got != example {
			t.Errorf("ParseIBAN(%s): got %s, %v", example, got, err)
		}
	}
}

func TestRegistryIsWellFormed(t *testing.T) {
	seen := map[string]bool{}
	sepa := 0
	for c := range IBANCountries() {
		if seen[c.Code] || c.Length < 15 || c.Length > 34 || c.Name == "" {
			t.Errorf("%+v: twice, or out of the standard", c)
		}
		seen[c.Code] = true
		if c.SEPA {
			sepa++
		}
		if found, ok := FindIBANCountry(c.Code); !ok || found != c {
			t.Errorf("FindIBANCountry(%s): got %+v, %v", c.Code, found, ok)
		}
	}
	if sepa != 42 { // 41 countries, and Gibraltar with a code of its own
		t.Errorf("SEPA rows: got %d, want 42", sepa)
	}
}

func TestIBANIsTakenAsPeopleWriteIt(t *testing.T) {
	for _, sent := range []string{"de89 3704 0044 0532 0130 00", "DE89-3704-0044-0532-0130-00", " DE89\u00a03704\u20090044\u200b0532\ufeff013000\t"} {
		if got, err := ParseIBAN(sent); err != nil || got != "DE89370400440532013000" {
			t.Errorf("ParseIBAN(%q): got %q, %v", sent, got, err)
		}
	}
}

func TestIBANChecksComeInOrderAndShowNothing(t *testing.T) {
	for _, row := range []struct{ sent, rule string }{
		{"", "country's code of two letters"}, {"8", "country's code of two letters"}, {"D", "country's code of two letters"}, {"89370400440532013000", "country's code of two letters"},
		{"US89370400440532013000", "country that has IBANs"}, {"XX1", "country that has IBANs"}, {"IM29NWBK60161331926819", "country that has IBANs"},
		{"DE8937040044053201300", "22 characters for Germany, and has 21"}, {"DEX", "22 characters for Germany, and has 3"}, {"DE893704004405320130000", "has 23"},
		{"DE8937040044053201300X", "structure of Germany (DE2!n8!n10!n)"}, {"DEX9370400440532013000", "structure of Germany"}, {"GB29nw1k60161331926819", "structure of the United Kingdom"},
		{"DE8937040044053201300０", "structure of Germany"}, {"DE88370400440532013000", "wrong check digits"}, {"DE89370400440532013001", "wrong check digits"},
	} {
		got, err := ParseIBAN(row.sent)
		if err == nil || !strings.Contains(err.Error(), row.rule) || got != "" {
			t.Errorf("ParseIBAN(%q): got %q, %v, want an error about %q", row.sent, got, err, row.rule)
		} else if strings.Contains(err.Error(), "3704") || strings.Contains(err.Error(), "6016") {
			t.Errorf("ParseIBAN(%q): %v shows the account", row.sent, err)
		}
	}
}

// Check digits beyond 02..98 would give one account two spellings.
func TestOneAccountHasOneIBAN(t *testing.T) {
	for _, example := range examples {
		passed := 0
		for check := range 100 {
			if _, err := ParseIBAN(fmt.Sprintf("%s%02d%s", example[:2], check, example[4:])); err == nil {
				passed++
			}
		}
		if passed != 1 {
			t.Errorf("%s: %d check digits pass, want 1", example, passed)
		}
	}
}

func TestSEPAReachesOnlyItsCountries(t *testing.T) {
	if _, err := parseSEPAIBAN("NL91ABNA0417164300"); err != nil {
		t.Errorf("the Netherlands: %v", err)
	}
	if _, err := parseSEPAIBAN("AE070331234567890123456"); err == nil || !strings.Contains(err.Error(), "SEPA") {
		t.Errorf("the United Arab Emirates: got %v, want an error about SEPA", err)
	}
}

func FuzzIBAN(f *testing.F) {
	for _, seed := range append(examples[:8:8], "", "DE", "de 89", "GB29 NWBK", "\xff\xfe", "DE8937040044053201300é", "ßß") {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sent string) {
		iban, err := ParseIBAN(sent)
		if err != nil {
			return
		}
		if again, err := ParseIBAN(iban); err != nil || again != iban {
			t.Fatalf("%q is not stable: %q, %v", iban, again, err)
		}
		masked := MaskIBAN(iban)
		if len(masked) != len(iban) || masked[5:len(iban)-5] != strings.Repeat("*", len(iban)-10) {
			t.Fatalf("MaskIBAN(%q): got %q", iban, masked)
		}
	})
}

func BenchmarkParseIBAN(b *testing.B) {
	for b.Loop() {
		if _, err := ParseIBAN("MT84MALT011000012345MTLCAST001S"); err != nil {
			b.Fatal(err)
		}
	}
}
