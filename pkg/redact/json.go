package redact

import (
	"bytes"
	"encoding/json"
)

// JSON returns JSON with Text applied to each of its strings. Everything else
// stays as it is, byte by byte.
func JSON(data []byte) []byte {
	return compiled().literal.ReplaceAllFunc(data, func(quoted []byte) []byte {
		var text string
		if json.Unmarshal(quoted, &text) != nil {
			return quoted
		}
		clean := Text(text)
		if clean == text {
			return quoted
		}
		var out bytes.Buffer
		encoder := json.NewEncoder(&out)
		encoder.SetEscapeHTML(false)
		if encoder.Encode(clean) != nil {
			return []byte(`"` + Mark + `"`)
		}
		return bytes.TrimSpace(out.Bytes())
	})
}
