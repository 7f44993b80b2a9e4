package health

// Find returns the check with the given ID.
func Find(id string) (Check, bool) {
	found := append(Select(id), Check{})
	return found[0], len(found) > 1
}
