package redact

import (
	"slices"
	"strings"
	"unicode"
)

// SecretName reports whether a variable, flag or key is named like a secret: DB_PASSWORD, --api-key, clientSecret. Names
// of places where a secret is (tokenFile, hostSecretName) are not.
func SecretName(name string) bool {
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		name = name[i+1:] // "role" in "tokens.example.com/role"
	}
	split := words(name)
	if len(split) == 0 {
		return false
	}
	last := split[len(split)-1]
	if len(split) > 1 && slices.Contains(places(), last) {
		return false
	}
	joined := strings.Join(split, "")
	for _, part := range []string{
		"token", "password", "passwd", "passphrase", "secret", "credential", "authorization", "apikey", "privatekey",
		"accesskey", "encryptionkey", "signingkey", "dockerconfigjson", "dockercfg",
	} {
		if strings.Contains(joined, part) {
			return true
		}
	}
	if last == "key" && len(split) > 1 {
		return !slices.Contains([]string{"public", "topology", "primary", "foreign", "sort", "partition"}, split[len(split)-2])
	}
	return slices.ContainsFunc(split, func(word string) bool {
		return slices.Contains([]string{"pass", "pwd", "jwt", "bearer", "cookie"}, word)
	}) || joined == "auth" || joined == "sig" || joined == "signature"
}

// places are last words of names that say where a secret is or how it is handled.
func places() []string {
	return []string{
		"file", "path", "dir", "name", "names", "namespace", "ref", "url", "uri", "endpoint", "host", "type", "class", "kind", "id",
		"seconds", "minutes", "ttl", "timeout", "expiry", "expiration", "length", "count", "size", "enable", "enabled", "algorithm", "version",
	}
}

// words splits a name into lower-case words: "DB_PASSWORD", "dbPassword" and "db-password" are all db, password.
func words(name string) []string {
	var spaced strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if i > 0 && unicode.IsUpper(r) && (!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])) {
			spaced.WriteByte(' ') // before a word, or the word after an acronym
		}
		spaced.WriteRune(r)
	}
	return strings.FieldsFunc(strings.ToLower(spaced.String()), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
