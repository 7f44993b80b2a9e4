package cluster

import (
	"crypto/sha256"
	"encoding/hex"

	"k8s.io/apimachinery/pkg/util/validation"
)

// NameFor returns the name of an object that belongs to something with that ID: the prefix and the ID or, where
// Kubernetes does not allow the ID in a name, 32 digits of its SHA-256.
func NameFor(prefix, id string) string {
	if name := prefix + "-" + id; len(validation.IsDNS1123Subdomain(name)) == 0 {
		return name
	}
	sum := sha256.Sum256([]byte(id))
	return prefix + "-" + hex.EncodeToString(sum[:16])
}
