package redact

import (
	"bytes"
	"encoding/json"
)

// JSON returns JSON with Text applied to each of its strings.
func JSON(data []byte) []byte { return Strings(data, Text) }

// Strings returns JSON with change applied to each of its strings; all else stays as it is, byte by byte. It examines each
// string once: what is said of many regions repeats them.
func Strings(data []byte, change func(string) string) []byte {
	known := map[string][]byte{}
	return compiled().literal.ReplaceAllFunc(data, func(quoted []byte) []byte {
		clean, seen := known[string(quoted)]
		if !seen {
			clean = literal(quoted, change)
			known[string(quoted)] = clean
		}
		return clean
	})
}

func literal(quoted []byte, change func(string) string) []byte {
	var text string
	if json.Unmarshal(quoted, &text) != nil {
		return quoted
	}
	clean := change(text)
	if clean == text {
		return quoted
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(clean) // a text always can be
	return bytes.TrimSpace(out.Bytes())
}
