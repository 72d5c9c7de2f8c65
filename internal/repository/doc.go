// Package repository has tests only. They hold the repository as a whole, all its modules included, to what it says
// about itself: the terms of the field in names, messages and comments (list_test.go has the list), one width of
// comments, links and paths in documents that lead somewhere, code in documents that is compiled elsewhere, and imports
// that point one way, as DESIGN.md draws them.
package repository
