package iso20022

import (
	"strings"
	"unicode/utf8"
)

// Text in a SEPA payment has the letters, digits and signs of the EPC's
// character set (EPC217-08): what every bank in the scheme can carry.

const signs = "/-?:().,'+ "

func basic(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r < 0x80 && strings.ContainsRune(signs, r)
}

// letters are the letters of Europe as they are written without their marks.
var letters = makeLetters()

func makeLetters() map[rune]string {
	out := map[rune]string{
		'ß': "ss", 'Æ': "Ae", 'æ': "ae", 'Œ': "Oe", 'œ': "oe", 'Ø': "O", 'ø': "o", 'Ð': "D", 'ð': "d", 'Þ': "Th", 'þ': "th", 'Ł': "L", 'ł': "l", 'Đ': "D", 'đ': "d", 'ı': "i", 'Ŋ': "N", 'ŋ': "n",
		'Ħ': "H", 'ħ': "h", 'Ŧ': "T", 'ŧ': "t", 'ĸ': "k", 'ŉ': "n", 'Ĳ': "Ij", 'ĳ': "ij", 'ẞ': "SS",
		'’': "'", '‘': "'", '`': "'", '´': "'", '“': "'", '”': "'", '"': "'", '„': "'", '–': "-", '—': "-", '_': "-", '&': "+", '@': "(at)", '\u00a0': " ", '\t': " ", '€': "EUR", ';': ",", '[': "(", ']': ")", '{': "(", '}': ")",
	}
	for plain, marked := range map[string]string{
		"A": "ÀÁÂÃÄÅĀĂĄǍȀȂẠẢẤẦẨẪẬẮẰẲẴẶ", "a": "àáâãäåāăąǎȁȃạảấầẩẫậắằẳẵặ", "C": "ÇĆĈĊČ", "c": "çćĉċč", "D": "Ď", "d": "ď",
		"E": "ÈÉÊËĒĔĖĘĚẸẺẼẾỀỂỄỆ", "e": "èéêëēĕėęěẹẻẽếềểễệ", "G": "ĜĞĠĢ", "g": "ĝğġģ", "H": "Ĥ", "h": "ĥ", "I": "ÌÍÎÏĨĪĬĮİỈỊ", "i": "ìíîïĩīĭįỉị", "J": "Ĵ", "j": "ĵ",
		"K": "Ķ", "k": "ķ", "L": "ĹĻĽĿ", "l": "ĺļľŀ", "N": "ÑŃŅŇ", "n": "ñńņň", "O": "ÒÓÔÕÖŌŎŐƠỌỎỐỒỔỖỘỚỜỞỠỢ", "o": "òóôõöōŏőơọỏốồổỗộớờởỡợ", "R": "ŔŖŘ", "r": "ŕŗř",
		"S": "ŚŜŞŠȘ", "s": "śŝşšș", "T": "ŢŤȚ", "t": "ţťț", "U": "ÙÚÛÜŨŪŬŮŰŲƯỤỦỨỪỬỮỰ", "u": "ùúûüũūŭůűųưụủứừửữự", "W": "ŴẀẂẄ", "w": "ŵẁẃẅ", "Y": "ÝŶŸỲỴỶỸ", "y": "ýÿŷỳỵỷỹ", "Z": "ŹŻŽ", "z": "źżž",
	} {
		for _, r := range marked {
			out[r] = plain
		}
	}
	// Greek and Cyrillic, as the passports of the countries write them.
	pairs := func(from string, to ...string) {
		for i, r := range []rune(from) {
			out[r] = to[i]
		}
	}
	pairs("ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΆΈΉΊΌΎΏΪΫ", "A", "V", "G", "D", "E", "Z", "I", "Th", "I", "K", "L", "M", "N", "X", "O", "P", "R", "S", "T", "Y", "F", "Ch", "Ps", "O", "A", "E", "I", "I", "O", "Y", "O", "I", "Y")
	pairs("αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώϊϋΐΰ", "a", "v", "g", "d", "e", "z", "i", "th", "i", "k", "l", "m", "n", "x", "o", "p", "r", "s", "t", "y", "f", "ch", "ps", "o", "s", "a", "e", "i", "i", "o", "y", "o", "i", "y", "i", "y")
	pairs("АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЬЮЯЁЫЭІЇЄҐЈЉЊЋЏЂ", "A", "B", "V", "G", "D", "E", "Zh", "Z", "I", "Y", "K", "L", "M", "N", "O", "P", "R", "S", "T", "U", "F", "H", "Ts", "Ch", "Sh", "Sht", "A", "Y", "Yu", "Ya", "E", "Y", "E", "I", "I", "E", "G", "J", "Lj", "Nj", "C", "Dz", "Dj")
	pairs("абвгдежзийклмнопрстуфхцчшщъьюяёыэіїєґјљњћџђ", "a", "b", "v", "g", "d", "e", "zh", "z", "i", "y", "k", "l", "m", "n", "o", "p", "r", "s", "t", "u", "f", "h", "ts", "ch", "sh", "sht", "a", "y", "yu", "ya", "e", "y", "e", "i", "i", "e", "g", "j", "lj", "nj", "c", "dz", "dj")
	return out
}

// plain writes s in the character set, at most so many characters; false where
// a character has no way to be written, so that nobody is paid under a name
// that isn't theirs. Blanks are made one, and none stands at the ends.
func plain(s string, most int) (string, bool) {
	out, whole := writable(s)
	if !whole {
		return "", false
	}
	return cut(out, most), true
}

// loosely is plain for a text that nobody is known by: what can't be written
// becomes a dot.
func loosely(s string, most int) string {
	out, _ := writable(s)
	return cut(out, most)
}

func writable(s string) (string, bool) {
	if !utf8.ValidString(s) {
		return "", false
	}
	var b strings.Builder
	whole := true
	for _, r := range s {
		switch {
		case basic(r):
			b.WriteRune(r)
		case letters[r] != "":
			b.WriteString(letters[r])
		case r >= 0x300 && r <= 0x36f: // a mark on its own, over the letter before
		default:
			whole = false
			b.WriteByte('.')
		}
	}
	return strings.Join(strings.Fields(b.String()), " "), whole
}

// cut shortens a text of single-byte characters. No slash stands at its ends,
// nor two together: banks read meaning into those.
func cut(s string, most int) string {
	for strings.Contains(s, "//") {
		s = strings.ReplaceAll(s, "//", "/")
	}
	if len(s) > most {
		s = s[:most]
	}
	return strings.Trim(s, "/ ")
}

// inSet says whether s has nothing but characters of the set.
func inSet(s string) bool {
	for _, r := range s {
		if !basic(r) {
			return false
		}
	}
	return true
}
