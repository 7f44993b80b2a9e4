package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

// comment is a doc comment, split into its text and its markers: lines of the form `+name` or
// `+name=value`, as in Kubernetes.
type comment struct {
	doc     string
	markers map[string]string
}

// newComment separates the markers from a comment, and joins each paragraph into one line.
func newComment(text string) comment {
	c := comment{markers: map[string]string{}}
	var paragraphs []string
	for _, paragraph := range strings.Split(text, "\n\n") {
		var words []string
		for _, line := range strings.Split(paragraph, "\n") {
			if marker, ok := strings.CutPrefix(line, "+"); ok {
				name, value, _ := strings.Cut(marker, "=")
				c.markers[name] = value
				continue
			}
			words = append(words, strings.Fields(line)...)
		}
		if len(words) > 0 {
			paragraphs = append(paragraphs, strings.Join(words, " "))
		}
	}
	c.doc = strings.Join(paragraphs, "\n\n")
	return c
}

// about is the comment without the field's name, which the pages show next to it.
func (f field) about() string {
	rest, ok := strings.CutPrefix(f.doc, f.goName+" ")
	if !ok {
		return f.doc
	}
	rest = strings.TrimPrefix(strings.TrimPrefix(rest, "is "), "are ")
	return strings.ToUpper(rest[:1]) + rest[1:]
}

// apply adds the comment's markers to the schema: +default=JSON and +k8s:validation:KEYWORD=JSON.
// With items: before the keyword it applies to a list's items.
func (c comment) apply(schema object) error {
	for marker, text := range c.markers {
		keyword, ok := strings.CutPrefix(marker, "k8s:validation:")
		if !ok && marker != "default" {
			return fmt.Errorf("the marker +%s is not known to this generator", marker)
		}
		if !ok {
			keyword = marker
		}
		var value any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			return fmt.Errorf("the marker +%s: %w", marker, err)
		}
		at := schema
		for {
			rest, ok := strings.CutPrefix(keyword, "items:")
			items, isList := at["items"].(object)
			if !ok || !isList {
				break
			}
			keyword, at = rest, items
		}
		at[keyword] = value
		if keyword == "format" {
			at["type"] = "string" // a number has no such keyword
		}
	}
	return nil
}
