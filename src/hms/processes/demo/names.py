"""Made-up people: given and family names of several cultures, put together by chance."""

from dataclasses import dataclass

from hms.domain.people import Sex
from hms.processes.demo.seeded import Seeded


@dataclass(frozen=True, slots=True)
class Culture:
    """Names that go together; ``share`` is how many of a hundred patients have them."""

    share: int
    female: tuple[str, ...]
    male: tuple[str, ...]
    family: tuple[str, ...]


def _culture(share: int, female: str, male: str, family: str) -> Culture:
    return Culture(share, tuple(female.split()), tuple(male.split()), tuple(family.split()))


CULTURES = (
    _culture(
        20,
        "Aarohi Ananya Bhavna Charu Deepika Esha Gauri Ishita Jaya Kavita Lata Madhuri Neha Pooja Rekha Shreya Sunita",
        "Aditya Ajay Arjun Deepak Gaurav Harish Karan Manoj Nikhil Pranav Rahul Rohan Sandeep Suresh Tarun Vivek Yash",
        "Agarwal Bhatt Chauhan Deshpande Gupta Jain Joshi Kulkarni Mehta Mishra Patil Rathore Saxena Sharma Tiwari",
    ),
    _culture(
        12,
        "Abirami Divya Gayathri Indumathi Kavitha Lakshmi Meenakshi Nandini Padma Revathi Sowmya Thenmozhi Vasanthi",
        "Arvind Balaji Dinesh Ganesan Karthik Madhavan Murugan Prakash Ramesh Selvam Srinivas Venkatesh Vignesh",
        "Balakrishnan Chandrasekhar Iyer Krishnan Menon Nair Naidu Pillai Raghavan Rao Reddy Subramaniam Varma",
    ),
    _culture(
        8,
        "Anindita Barnali Debjani Madhumita Moumita Paromita Rituparna Sharmila Sudeshna Tanushree",
        "Abhijit Anirban Arnab Debashis Kaushik Partha Prosenjit Sourav Subhash Tapan",
        "Banerjee Basu Bhattacharya Chatterjee Das Dutta Ghosh Mukherjee Roy Sengupta",
    ),
    _culture(
        8,
        "Amrit Gurpreet Harleen Jasleen Kiran Manpreet Navneet Rupinder Simran",
        "Amarjit Balwinder Gurdeep Harpreet Jaspal Kuldeep Manjit Parminder Sukhdev",
        "Bains Dhaliwal Gill Grewal Kaur Sandhu Sekhon Sidhu Singh",
    ),
    _culture(
        12,
        "Aisha Amina Farah Fatima Hana Khadija Layla Mariam Nadia Noor Salma Samira Yasmin Zainab",
        "Ahmed Bilal Faisal Hamza Hassan Ibrahim Imran Khalid Mustafa Omar Rashid Tariq Yusuf Zaid",
        "Abbasi Ansari Aziz Farooqi Haddad Hussain Khan Malik Mansour Qureshi Rahman Saleh Siddiqui",
    ),
    _culture(
        8,
        "Alice Charlotte Eleanor Grace Hannah Imogen Lucy Martha Olivia Sophie",
        "Alfred Benjamin Daniel Edward George Henry Jack Oliver Thomas William",
        "Ashworth Bennett Carter Fletcher Hughes Marsh O'Connor Palmer Turner Whitfield",
    ),
    _culture(
        7,
        "Jing Li-Hua Mei Ning Qian Shu-Fen Xiaoyan Xue Ying Yuting",
        "Bo Chao Guang Jianguo Jun Kai Lei Ming Wei Zhiyuan",
        "Cai Chen Deng Feng Huang Lin Liu Sun Wang Xu Zhang Zhao",
    ),
    _culture(
        6,
        "Adaeze Amara Chidinma Folasade Ifeoma Ngozi Temitope Wanjiru Yetunde",
        "Babatunde Chinedu Emeka Kamau Kwame Obinna Olumide Tunde Uche",
        "Achebe Adeyemi Balogun Eze Mensah Mwangi Nwosu Okafor Okonkwo Otieno",
    ),
    _culture(
        6,
        "Ana Beatriz Camila Conceição Inês Luísa Mariana Rosário Valentina",
        "André Antônio Caetano Diego Gonçalo Joaquín José Luís Tomás",
        "Almeida Araújo Carvalho Fernández Gonçalves Magalhães Núñez Peña Ribeiro Silva",
    ),
    _culture(
        5,
        "Anneliese Britta Greta Heidi Jörgine Käthe Lena Ulrike",
        "Björn Dieter Günther Jürgen Klaus Matthias Søren Uwe",
        "Bäcker Hoffmann Jørgensen Köhler Müller Schäfer Schröder Vogel Weiß",
    ),
    _culture(
        4,
        "Agnieszka Danuta Elżbieta Ludmila Małgorzata Oksana Svitlana Zofia",
        "Andrzej Bohdan Dmytro Jiří Łukasz Oleksandr Stanisław Wojciech",
        "Dvořák Kovalenko Kowalczyk Nowak Novotný Shevchuk Wiśniewski Wójcik",
    ),
    _culture(
        4,
        "Chiyo Haruka Hương Kazuko Lan Linh Sakura Thảo Yuki",
        "Đức Haruto Hiroshi Kenji Minh Quang Sho Takeshi Tuấn",
        "Fujimoto Hayashi Kobayashi Lê Nguyễn Phạm Tanaka Trần Watanabe",
    ),
)


def culture(chance: Seeded) -> Culture:
    """Pick a culture by its share."""
    return chance.choices(CULTURES, weights=[c.share for c in CULTURES])[0]


def given_name(chance: Seeded, of: Culture, sex: Sex) -> str:
    """Pick a given name."""
    return chance.choice(of.female if sex is Sex.FEMALE else of.male)
