package docs

// restPart is the saved-method dialect.
func restPart() part {
	return part{}
}
