package chromium

import "context"

// Node is a node of the tree that a browser gives to screen readers.
type Node struct {
	Role, Name string
	Children   []*Node
}

// All are the node and all below it, in the order of the page.
func (n *Node) All() []*Node {
	all := []*Node{n}
	for _, child := range n.Children {
		all = append(all, child.All()...)
	}
	return all
}

// treeNode is a node as the protocol has it.
type treeNode struct {
	NodeID     string
	Ignored    bool
	Role, Name struct{ Value string }
	ChildIDs   []string
}

// Tree is the page's, without the nodes that screen readers ignore.
func (p *Page) Tree(ctx context.Context) (*Node, error) {
	var tree struct{ Nodes []treeNode }
	if err := p.call(ctx, "Accessibility.getFullAXTree", nil, &tree); err != nil {
		return nil, err
	}
	byID := make(map[string]*treeNode)
	for i := range tree.Nodes {
		byID[tree.Nodes[i].NodeID] = &tree.Nodes[i]
	}
	root := &Node{}
	if len(tree.Nodes) > 0 {
		root.add(&tree.Nodes[0], byID)
	}
	return root, nil
}

// add adds a node to those below n, or if it is ignored, what is below it.
func (n *Node) add(t *treeNode, byID map[string]*treeNode) {
	if !t.Ignored {
		node := &Node{Role: t.Role.Value, Name: t.Name.Value}
		n.Children = append(n.Children, node)
		n = node
	}
	for _, id := range t.ChildIDs {
		if child := byID[id]; child != nil {
			n.add(child, byID)
		}
	}
}
