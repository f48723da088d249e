package service

// HoldsNumber says whether a text shows a card number anywhere, or is an IBAN:
// free text that does must not be kept where it is shown. One run of 13 digits
// or more in ten passes for a card by chance.
func HoldsNumber(text string) bool {
	_, err := parseText(text)
	return err != nil
}
